"""Each user's events in time order, cut by shares: the earliest train, the latest test."""

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from configs.section import Section
from tfrs_models.data import sql
from tfrs_models.data.assignment import Assignment, materialise
from tfrs_models.data.dataset import TEST, TRAIN, VALIDATION
from tfrs_models.data.splits._shares import check_shares

if TYPE_CHECKING:
    import duckdb

Share = Annotated[float, Field(ge=0, lt=1)]
ROUNDING = 1e-9
"""0.29 * 100 is 28.999999999999996 in binary: the floor must be 29."""


class Options(Section):
    """The shares; what they leave is train."""

    validation_share: Share = 0.1
    """Share of each user's events in validation, rounded down."""
    test_share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Share of each user's events in test, rounded down."""

    @model_validator(mode="after")
    def _check_sum(self) -> Self:
        check_shares(self.validation_share, self.test_share)
        return self


def assign(
    options: Options, connection: "duckdb.DuckDBPyConnection", events: str, seed: int
) -> Assignment:
    """Count each user's events from the end; ties in time are broken by item, then by source."""
    counted = sql.fill(
        """
        SELECT *,
                row_number() OVER (
                    PARTITION BY user_id ORDER BY event_time DESC, item_id DESC, event_ordinal DESC
                ) AS from_end,
                count(*) OVER (PARTITION BY user_id) AS user_events
         FROM $events
        """,
        events=sql.name(events),
    )
    code = sql.fill(
        "CASE WHEN from_end <= floor(user_events * $test + $rounding) THEN $test_code "
        "WHEN from_end <= floor(user_events * $test + $rounding) "
        "+ floor(user_events * $validation + $rounding) THEN $validation_code ELSE $train_code END",
        test=options.test_share,
        validation=options.validation_share,
        rounding=ROUNDING,
        test_code=TEST,
        validation_code=VALIDATION,
        train_code=TRAIN,
    )
    return Assignment(code, materialise(connection, counted))
