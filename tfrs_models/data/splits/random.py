"""A seeded draw for each event, for published protocols that split at random.

It trains on the future of the test events: figures are higher than any that a live system reaches.
The draw is a hash of (user, item, time, seed), so an event keeps its part when other data change.
"""

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from configs.section import Section
from tfrs_models.data import sql
from tfrs_models.data.assignment import Assignment, materialise
from tfrs_models.data.dataset import TEST, TRAIN, VALIDATION
from tfrs_models.data.splits._shares import check_shares

if TYPE_CHECKING:
    import duckdb

HASHES = 2.0**64


class Options(Section):
    """The shares; what they leave is train."""

    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Expected share of the events in validation."""
    test_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Expected share of the events in test."""

    @model_validator(mode="after")
    def _check_sum(self) -> Self:
        check_shares(self.validation_share, self.test_share)
        return self


def assign(
    options: Options, connection: "duckdb.DuckDBPyConnection", events: str, seed: int
) -> Assignment:
    """Draw a number in [0, 1) for each event from the MD5 hash of what it is."""
    counted = sql.fill(
        """
        SELECT *, md5_number_lower(concat_ws(chr(31), user_id, item_id, event_time, $seed))
                   / $hashes AS draw
         FROM $events
        """,
        seed=seed,
        hashes=HASHES,
        events=sql.name(events),
    )
    code = sql.fill(
        "CASE WHEN draw < $test THEN $test_code "
        "WHEN draw < $both THEN $validation_code ELSE $train_code END",
        test=options.test_share,
        both=options.test_share + options.validation_share,
        test_code=TEST,
        validation_code=VALIDATION,
        train_code=TRAIN,
    )
    return Assignment(code, materialise(connection, counted))
