"""The last positive of each user is test, the one before it validation.

What is no positive, such as an impression, belongs to the part of the last positive before it.
"""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from configs.section import Section
from tfrs_models.data import sql
from tfrs_models.data.assignment import Assignment, materialise
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
    """Count the positives after each event; ties in time are broken by item, then by source."""
    counted = sql.fill(
        """
        SELECT *,
                count(*) FILTER (event_weight > 0) OVER (
                    PARTITION BY user_id ORDER BY event_time, item_id, event_ordinal
                ) AS positives_so_far,
                count(*) FILTER (event_weight > 0) OVER (PARTITION BY user_id) AS all_positives
         FROM $events
        """,
        events=sql.name(events),
    )
    code = sql.fill(
        "CASE WHEN all_positives < $least OR all_positives - positives_so_far > 1 THEN $train "
        "WHEN all_positives - positives_so_far = 1 THEN $validation ELSE $test END",
        least=options.min_positives,
        train=TRAIN,
        validation=VALIDATION,
        test=TEST,
    )
    return Assignment(code, materialise(connection, counted))
