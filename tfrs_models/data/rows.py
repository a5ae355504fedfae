"""Rows of users and items, ordered by what training knows, and the attributes of each."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from configs.errors import DataError
from tfrs_models.data import sql
from tfrs_models.data.assignment import CODES
from tfrs_models.data.dataset import FIRST_ROW, TRAIN
from tfrs_models.data.tables import SOURCE_COLUMNS

if TYPE_CHECKING:
    import duckdb


def number_rows(
    connection: "duckdb.DuckDBPyConnection", key: str, entities: str | None, min_events: int
) -> tuple[int, int]:
    """Create the table `<key>_rows`.

    Columns: `<key>`, `entity_row` INTEGER, `known`, and `train_events`, `validation_events`,
    `test_events`, the events of each part of the split.

    The ids of `former_<key>` come first, in their order, and are known. Then those with
    `min_events` training events, ordered by their number (falling), then by id; then the others by
    their first event, then by id. No test event moves a known row.

    Args:
        connection: where the tables `split_events` and `former_<key>` live.
        key: `user_id` or `item_id`.
        entities: table whose ids get rows too, or None.
        min_events: training events that an id needs to be known.

    Returns:
        The number of rows and the first row that is not known, the reserved rows counted.
    """
    tables = [f"former_{key}", *([entities] if entities else [])]
    others = " ".join(
        sql.fill("UNION ALL SELECT $key, NULL, NULL FROM $table", key=key, table=table)
        for table in tables
    )
    sql.run(
        connection,
        """
        CREATE TABLE ${key}_rows AS
        SELECT * EXCLUDE (first_time, former_row), ($first - 1 + row_number() OVER (
                   ORDER BY former_row NULLS LAST,
                            known DESC, CASE WHEN known THEN train_events END DESC,
                            CASE WHEN NOT known THEN first_time END NULLS LAST, $key
               ))::INTEGER AS entity_row
        FROM (SELECT $key, $parts, former_row,
                     former_row IS NOT NULL OR train_events >= $least AS known,
                     min(event_time) AS first_time
              FROM (SELECT $key, split, event_time FROM split_events $others)
              LEFT JOIN former_$key USING ($key)
              GROUP BY $key, former_row)
        """,
        key=key,
        first=FIRST_ROW,
        parts=", ".join(
            f"count(split) FILTER (split = {code}) AS {part}_events" for part, code in CODES.items()
        ),
        least=min_events,
        others=others,
    )
    total, known = sql.rows(
        connection, "SELECT count(*), count(*) FILTER (known) FROM ${key}_rows", key=key
    )[0]
    return FIRST_ROW + int(total), FIRST_ROW + int(known)


def write_entities(
    connection: "duckdb.DuckDBPyConnection",
    key: str,
    entities: str | None,
    event_columns: Sequence[str],
    path: Path,
) -> None:
    """Write ids and attributes in row order.

    Args:
        connection: where `<key>_rows` and `split_events` live.
        key: `user_id` or `item_id`.
        entities: checked table with attributes, or None.
        event_columns: columns of the events that become attributes.
        path: Parquet file to write.
    """
    own = _attributes(connection, key, entities)
    _check_distinct(key, own, event_columns)
    sql.run(
        connection,
        """
        COPY (SELECT $key $own $taken FROM ${key}_rows $join_own $join_taken ORDER BY entity_row)
        TO $path (FORMAT parquet)
        """,
        key=key,
        own="".join(", " + sql.name(column) for column in own),
        taken="".join(", " + sql.name(column) for column in event_columns),
        join_own=sql.fill("LEFT JOIN $t USING ($key)", t=entities, key=key) if entities else "",
        join_taken=_join_taken(key, event_columns),
        path=sql.text(path.as_posix()),
    )


def _attributes(
    connection: "duckdb.DuckDBPyConnection", key: str, entities: str | None
) -> list[str]:
    if entities is None:
        return []
    internal = (key, "filtered_by", "tfrs_reason", "tfrs_record", *SOURCE_COLUMNS)
    return [c for c in sql.column_types(connection, entities) if c not in internal]


def _check_distinct(key: str, own: Sequence[str], taken: Sequence[str]) -> None:
    both = sorted(set(own) & set(taken))
    if both:
        raise DataError(
            f"`{both[0]}` is both an attribute in the table of `{key}` and taken from the events: "
            "rename one with `columns` of the source, or leave it out of the taken columns"
        )


def _join_taken(key: str, columns: Sequence[str]) -> str:
    """Attributes out of the events: the last training row's, else the first row's.

    An entity that training has seen keeps what was known at the end of training, so that no later
    event changes anything that is learned.
    """
    if not columns:
        return ""
    moment = "row(event_time, event_ordinal)"
    chosen = ", ".join(
        sql.fill(
            """
            CASE WHEN count(*) FILTER (split = $train) > 0
                 THEN arg_max($column, $moment) FILTER (split = $train)
                 ELSE arg_min($column, $moment) END AS $column
            """,
            column=sql.name(column),
            moment=moment,
            train=TRAIN,
        )
        for column in columns
    )
    return sql.fill(
        "LEFT JOIN (SELECT $key, $chosen FROM split_events GROUP BY $key) USING ($key)",
        key=key,
        chosen=chosen,
    )


def write_vocabulary(connection: "duckdb.DuckDBPyConnection", key: str, path: Path) -> None:
    """Write the known ids, one a line, in row order, UTF-8."""
    reader = connection.execute(
        sql.fill("SELECT $key FROM ${key}_rows WHERE known ORDER BY entity_row", key=key)
    )
    with path.open("w", encoding="utf-8", newline="\n") as file:
        while batch := reader.fetchmany(100_000):
            file.writelines(f"{identifier}\n" for (identifier,) in batch)


def read_vocabulary(path: Path) -> list[str]:
    """Values by line feeds alone: one may hold any other separator of lines."""
    return path.read_bytes().decode().split("\n")[:-1]
