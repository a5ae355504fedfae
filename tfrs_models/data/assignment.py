"""What a split decides: train, validation or test for every event.

A split plug-in is one module of `tfrs_models.data.splits` with two names:

    class Options(Section): ...
    def assign(options, connection, events, seed) -> Assignment: ...

`events` names a relation with `user_id`, `item_id`, `event_type` VARCHAR, `event_time` BIGINT
(microseconds since 1970 UTC), `event_weight` FLOAT (above 0 is a positive), `event_ordinal` BIGINT
(unique, order in the source), and `split` when the source has that column.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from configs.errors import DataError
from configs.section import Section
from tfrs_models.data import sql
from tfrs_models.data.dataset import TEST, TRAIN, VALIDATION

if TYPE_CHECKING:
    import duckdb

CODES: Mapping[str, int] = MappingProxyType(
    {"train": TRAIN, "validation": VALIDATION, "test": TEST}
)


@dataclass(frozen=True)
class Assignment:
    """Which part each event belongs to.

    Attributes:
        code: SQL expression over a row of `relation`: TRAIN, VALIDATION or TEST.
        relation: SQL table expression with every column of the events, and those that `code` needs.
            It is read several times: costly columns belong into a table, see `materialise`.
        cuts: what the report shows, such as the times of the cuts in ISO 8601 UTC.
    """

    code: str
    relation: str
    cuts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def materialise(connection: "duckdb.DuckDBPyConnection", query: str) -> str:
    """Create a table of a query's rows; its name, quoted."""
    table = sql.name("assigned_events")
    sql.run(connection, "CREATE OR REPLACE TABLE $table AS $query", table=table, query=query)
    return table


def learn_validation(code: str) -> str:
    """The code of a split whose validation events are training events."""
    return sql.fill(
        "CASE WHEN ($code) = $validation THEN $train ELSE ($code) END",
        code=code,
        validation=VALIDATION,
        train=TRAIN,
    )


class Split(Protocol):
    """The function of a split plug-in (a module)."""

    def assign(
        self, options: Section, connection: "duckdb.DuckDBPyConnection", events: str, seed: int
    ) -> Assignment:
        """Decide the part of every event; may create tables on `connection`."""


def check_parts(counts: Mapping[str, int], kind: str) -> None:
    """Check that there is something to learn from and something to measure.

    Args:
        counts: events of each part.
        kind: name of the split, for the message.

    Raises:
        DataError: train or test is empty.
    """
    for part in ("train", "test"):
        if not counts.get(part):
            found = ", ".join(f"{name} {counts.get(name, 0):,}" for name in CODES)
            raise DataError(
                f"the split `{kind}` leaves no {part} events ({found}): move its cuts with "
                "`data.split.options`, choose another `data.split.type`, or give more data"
            )


def count_parts(connection: "duckdb.DuckDBPyConnection", events: str) -> dict[str, int]:
    """Events of each part of a relation that has `split` codes."""
    found = dict(
        sql.rows(
            connection,
            "SELECT split, count(*) FROM $events GROUP BY split",
            events=sql.name(events),
        )
    )
    return {part: found.get(code, 0) for part, code in CODES.items()}
