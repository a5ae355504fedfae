"""The last positive of each user is test, the one before it validation.

What a user does between two positives belongs to the part of the earlier... see `assign`.
"""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from configs.section import Section
from tfrs_models.data import sql
from tfrs_models.data.assignment import Assignment
from tfrs_models.data.dataset import TEST, TRAIN, VALIDATION

if TYPE_CHECKING:
    import duckdb


class Options(Section):
    """Who takes part."""

    min_positives: Annotated[int, Field(ge=3)] = 3
    """Users with fewer positives stay in train altogether."""


def assign(
    options: Options, connection: "duckdb.DuckDBPyConnection", events: str, seed: int
) -> Assignment:
    """Count each user's positives from the end; ties in time are broken by item, then by source.

    `later` is the number of positives from this event on. The last positive and what follows it is
    test, the one before it and what follows it is validation.
    """
    relation = sql.fill(
        """
        (SELECT *,
                count(*) FILTER (event_weight > 0) OVER (
                    PARTITION BY user_id ORDER BY event_time DESC, item_id DESC, event_ordinal DESC
                ) AS later_positives,
                count(*) FILTER (event_weight > 0) OVER (PARTITION BY user_id) AS all_positives
         FROM $events)
        """,
        events=sql.name(events),
    )
    code = sql.fill(
        "CASE WHEN all_positives < $least OR later_positives > 2 THEN $train "
        "WHEN later_positives = 2 THEN $validation ELSE $test END",
        least=options.min_positives,
        train=TRAIN,
        validation=VALIDATION,
        test=TEST,
    )
    return Assignment(code, relation)
