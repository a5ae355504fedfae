"""From raw tables to valid events, items and users, and a report of what was left out."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from configs.data import DataConfig
from configs.errors import DataError
from tfrs_models.data import quarantine, sql
from tfrs_models.data.entities import check_entities, keep_last
from tfrs_models.data.tables import RawTables
from tfrs_models.data.validate import EVENTS, check_events

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class TableReport:
    """What became of the rows of one table; together they are the rows read.

    Attributes:
        filtered: rows dropped by each declared filter.
        quarantined: broken rows by reason.
        duplicates: rows dropped because an equal one (or one with the same id) is kept.
        valid: rows left.
    """

    filtered: dict[str, int]
    quarantined: dict[str, int]
    duplicates: int
    valid: int


def clean(
    connection: "duckdb.DuckDBPyConnection",
    raw: RawTables,
    config: DataConfig,
    quarantine_path: Path,
) -> dict[str, Any]:
    """Create `valid_events` and, if the source has them, `checked_items` and `checked_users`.

    `valid_events` has the columns of `validate.check_events` without the bookkeeping, and
    `event_weight` FLOAT and `event_ordinal` BIGINT (order in the source).

    Returns:
        The report: a `TableReport` as a dict for each table, and the notes of the source.

    Raises:
        DataError: too few rows are valid or too many are broken.
    """
    quarantine.create(connection)
    check_events(connection, raw, config, time.time())
    filtered = quarantine.move_broken(connection, EVENTS, "events")
    for label, key, relation in _entities(raw):
        check_entities(connection, relation, key, f"checked_{label}")
        quarantine.move_broken(connection, f"checked_{label}", label)
    if raw.rejects is not None:
        quarantine.add_rejects(connection, raw.rejects)
    quarantine.write(connection, quarantine_path)
    tables = {"events": _finish_events(connection, config, filtered, quarantine_path)}
    for label, key, _ in _entities(raw):
        tables[label] = _finish_entities(connection, key, label)
    return {
        "tables": {label: asdict(table) for label, table in tables.items()},
        "notes": dict(raw.notes),
    }


def _entities(raw: RawTables) -> list[tuple[str, str, str]]:
    """Label, key column and relation of the entity tables that the source has."""
    found = (("items", "item_id", raw.items), ("users", "user_id", raw.users))
    return [(label, key, relation) for label, key, relation in found if relation is not None]


def _finish_events(
    connection: "duckdb.DuckDBPyConnection",
    config: DataConfig,
    filtered: dict[str, int],
    path: Path,
) -> TableReport:
    bad = quarantine.reasons(connection, "events")
    left = _count(connection, EVENTS)
    if left + sum(bad.values()) + sum(filtered.values()) == 0:
        raise DataError("the source has no events: its files hold no rows, only a header at most")
    example = quarantine.example(connection)
    quarantine.check_share(bad, left, config.validation.max_bad_share, example, path)
    duplicates = _drop_duplicates(connection) if config.events.deduplicate == "exact" else 0
    _create_valid_events(connection, config)
    _check_enough(connection, config, filtered)
    return TableReport(filtered, bad, duplicates, left - duplicates)


def _finish_entities(connection: "duckdb.DuckDBPyConnection", key: str, label: str) -> TableReport:
    table = f"checked_{label}"
    duplicates = keep_last(connection, table, key)
    bad = quarantine.reasons(connection, label)
    return TableReport({}, bad, duplicates, _count(connection, table))


def _count(connection: "duckdb.DuckDBPyConnection", table: str) -> int:
    return int(sql.value(connection, "SELECT count(*) FROM $table", table=sql.name(table)))


def _drop_duplicates(connection: "duckdb.DuckDBPyConnection") -> int:
    return int(
        sql.value(
            connection,
            """
            DELETE FROM $events WHERE rowid IN (
                SELECT events.rowid FROM $events AS events JOIN (
                    SELECT user_id, item_id, event_time, event_type, min(rowid) AS kept
                    FROM $events GROUP BY ALL HAVING count(*) > 1
                ) AS repeated USING (user_id, item_id, event_time, event_type)
                WHERE events.rowid > repeated.kept)
            """,
            events=EVENTS,
        )
    )


def _check_enough(
    connection: "duckdb.DuckDBPyConnection", config: DataConfig, filtered: dict[str, int]
) -> None:
    rules = config.validation
    for label, least, what in (
        ("events", rules.min_events, "event_ordinal"),
        ("users", rules.min_users, "user_id"),
        ("items", rules.min_items, "item_id"),
    ):
        found = _count_up_to(connection, what, least)
        if found < least:
            dropped = f"; filters dropped {sum(filtered.values()):,} rows" if filtered else ""
            raise DataError(
                f"{found} valid {label} are left, fewer than `data.validation.min_{label}` = "
                f"{least}{dropped}. A recommender needs several users and items: give more data, "
                "correct the filters, or lower the limit."
            )


def _count_up_to(connection: "duckdb.DuckDBPyConnection", column: str, limit: int) -> int:
    """Different values of a column, counted no further than to `limit`."""
    return int(
        sql.value(
            connection,
            "SELECT count(*) FROM (SELECT DISTINCT $column FROM valid_events LIMIT $limit)",
            column=sql.name(column),
            limit=limit,
        )
    )


def _create_valid_events(connection: "duckdb.DuckDBPyConnection", config: DataConfig) -> None:
    sql.run(
        connection,
        """
        CREATE VIEW valid_events AS
        SELECT * EXCLUDE (tfrs_reason, tfrs_record, filtered_by, source_file, source_row),
               $weight AS event_weight, rowid AS event_ordinal
        FROM $events
        """,
        weight=_weight(config),
        events=EVENTS,
    )


def _weight(config: DataConfig) -> str:
    """SQL expression of an event's weight; impressions count 0 unless declared."""
    weights = {"impression": 0.0, **config.events.weights}
    cases = " ".join(
        sql.fill("WHEN $kind THEN $weight", kind=sql.text(kind), weight=weight)
        for kind, weight in weights.items()
    )
    by_type = sql.fill(
        "CASE event_type $cases ELSE $default END",
        cases=cases,
        default=config.events.default_weight,
    )
    if config.events.min_value is not None:
        by_type = sql.fill(
            "CASE WHEN value < $least THEN 0 ELSE $weight END",
            least=config.events.min_value,
            weight=by_type,
        )
    return sql.fill("($weight)::FLOAT", weight=by_type)
