"""The data say it: a column `split` of the events, or separate files (`events: {train: ...}`)."""

from typing import TYPE_CHECKING

from configs.errors import DataError
from configs.section import Section
from tfrs_models.data import sql
from tfrs_models.data.assignment import CODES, Assignment

if TYPE_CHECKING:
    import duckdb

ALIASES = {"valid": "validation", "val": "validation", "dev": "validation"}


class Options(Section):
    """No settings."""


def assign(
    options: Options, connection: "duckdb.DuckDBPyConnection", events: str, seed: int
) -> Assignment:
    """Read the names of the parts; letter case does not matter."""
    if "split" not in sql.column_types(connection, events):
        raise DataError(
            "`data.split.type: given` needs a column `split` in the events: map one with `columns` "
            "of the source, or give `events` as separate files, `{train: ..., test: ...}`"
        )
    names = {**{name: name for name in CODES}, **ALIASES}
    _check_names(connection, events, names)
    cases = " ".join(
        sql.fill("WHEN $name THEN $code", name=sql.text(name), code=CODES[part])
        for name, part in names.items()
    )
    return Assignment(sql.fill("CASE lower(split) $cases END", cases=cases), sql.name(events))


def _check_names(
    connection: "duckdb.DuckDBPyConnection", events: str, names: dict[str, str]
) -> None:
    unknown = sql.rows(
        connection,
        """
        SELECT split, count(*) FROM $events
        WHERE split IS NULL OR lower(split) NOT IN ($names)
        GROUP BY split ORDER BY count(*) DESC LIMIT 3
        """,
        events=sql.name(events),
        names=sql.texts(names),
    )
    if unknown:
        found = ", ".join(f"{name!r} ({count:,} events)" for name, count in unknown)
        raise DataError(
            f"the column `split` of the events holds {found}: each value must be one of "
            f"{', '.join(names)}"
        )
