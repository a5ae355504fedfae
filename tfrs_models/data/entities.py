"""The items and users that a source brings as tables of their own: checked, one row an id."""

from typing import TYPE_CHECKING

from tfrs_models.data import cells, faults, sql
from tfrs_models.data.suggest import missing_columns
from tfrs_models.data.validate import clean_as, free_and_plain, origin, record, refuse_reserved

if TYPE_CHECKING:
    import duckdb

INTERNAL_COLUMNS = ("entity_row",)


def check_entities(
    connection: "duckdb.DuckDBPyConnection", relation: str, key: str, table: str
) -> None:
    """Create `table`: every row of a source's items or users in canonical form.

    Args:
        connection: where `relation` lives.
        relation: the raw table.
        key: `item_id` or `user_id`.
        table: name of the result; columns are `key`, the attributes, and `reason`, `record`,
            `source_file`, `source_row` as in `validate.check_events`.
    """
    types = sql.column_types(connection, relation)
    missing_columns(f"the table of `{key}`", [key], types)
    refuse_reserved(f"the rows of `{key}`", types, INTERNAL_COLUMNS)
    attributes = [column for column in free_and_plain(types) if column != key]
    sql.run(
        connection,
        """
        CREATE TABLE $table AS
        SELECT tfrs_key AS $key $attributes, NULL::VARCHAR AS filtered_by, $origin,
               tfrs_broken AS tfrs_reason,
               CASE WHEN tfrs_broken IS NOT NULL THEN to_json($record)::VARCHAR END AS tfrs_record
        FROM (SELECT *, $reason AS tfrs_broken FROM (SELECT *, $id AS tfrs_key FROM $relation))
        """,
        table=sql.name(table),
        key=key,
        attributes="".join(", " + clean_as(column, types[column]) for column in attributes),
        origin=origin(types),
        record=record(types),
        reason=faults.first_reason(faults.of_id(key, "tfrs_key")),
        id=cells.identity(key, types[key]),
        relation=sql.name(relation),
    )


def keep_last(connection: "duckdb.DuckDBPyConnection", table: str, key: str) -> int:
    """Delete all but the last row of each id; the number of deleted rows."""
    return int(
        sql.value(
            connection,
            """
            DELETE FROM $table WHERE rowid NOT IN (SELECT max(rowid) FROM $table GROUP BY $key)
            """,
            table=sql.name(table),
            key=key,
        )
    )
