"""From raw events to a prepared dataset: validate, split, number, sort, write."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from configs import plugins
from configs.data import DataConfig
from configs.errors import ArtifactError
from tfrs_models import durable
from tfrs_models.data import engine, rows, sql, write
from tfrs_models.data.assignment import Assignment, check_parts, count_parts, learn_validation
from tfrs_models.data.clean import clean
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.data.former import Former, create_former_rows
from tfrs_models.data.load import FORMAT, load_dataset
from tfrs_models.data.manifest import counts, missing_entities, window
from tfrs_models.data.tables import RawTables

if TYPE_CHECKING:
    import duckdb

NAME_LENGTH = 16
WITHOUT_EFFECT = {"memory_limit_mib"}
"""Settings that change how the work is done, not what comes out."""


@dataclass(frozen=True)
class _Rows:
    """Sizes of the row spaces, the reserved rows counted."""

    num_users: int
    known_users: int
    num_items: int
    known_items: int


def prepare(
    config: DataConfig, seed: int, folder: Path, former: Former | None = None
) -> PreparedDataset:
    """Make, or find again, the prepared dataset of these settings and this source content.

    The result lies in `folder/<first 16 digits of the fingerprint>`, complete or absent. A second
    process that wants to prepare in the same folder waits.

    Args:
        config: the data settings.
        seed: of the split.
        folder: of prepared datasets.
        former: the dataset that this one continues: known ids keep their rows, and what would be
            validation is training, for a model that goes on learning has nothing to choose by it.

    Raises:
        DataError: the data break a rule that stops the run.
        ConfigError: a setting of the source or the split is wrong.
    """
    print_of_data = fingerprint(config, seed, former)
    target = folder / print_of_data[:NAME_LENGTH]
    with durable.locked(folder):
        durable.remove_unfinished(folder)
        found = _find(target, print_of_data)
        if found is not None:
            return found
        with durable.new_folder(target) as unfinished:
            _build(config, seed, former, print_of_data, unfinished)
    return load_dataset(target)


def fingerprint(config: DataConfig, seed: int, former: Former | None = None) -> str:
    """SHA-256 of the data settings, the source's content and the former rows, 64 hex digits."""
    source = plugins.load("source", config.source)
    settings = {
        "format": FORMAT,
        "seed": seed,
        "config": _settings(config),
        "content": source.content_hash(config.source_options, seed),
    }
    if former is not None:
        settings["former"] = former.fingerprint
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _settings(config: DataConfig) -> dict[str, Any]:
    """Resolved settings with an effect: those of the chosen source alone."""
    others = set(config.__pydantic_extra__ or {})
    dumped = config.model_dump(mode="json", exclude=others | WITHOUT_EFFECT)
    return {**dumped, config.source: config.source_options.model_dump(mode="json")}


def _find(target: Path, print_of_data: str) -> PreparedDataset | None:
    """The dataset at `target` if it is whole; a damaged one is made again."""
    if not target.exists():
        return None
    try:
        dataset = load_dataset(target)
    except ArtifactError:
        return None
    return dataset if dataset.fingerprint == print_of_data else None


def _build(
    config: DataConfig, seed: int, former: Former | None, print_of_data: str, folder: Path
) -> None:
    with engine.opened(config.memory_limit_mib, folder) as (connection, work):
        raw, report = _read(connection, config, seed, work, folder)
        assignment = _split(connection, config, seed, former)
        sizes = _number(connection, config, raw, former)
        types = write.event_types(connection, former.event_types if former else ())
        report["missing"] = missing_entities(connection, raw)
        manifest = {
            "format": FORMAT,
            "fingerprint": print_of_data,
            "seed": seed,
            **vars(sizes),
            "event_types": list(types),
            "window": window(connection),
            "split": {"type": config.split.type, "cuts": dict(assignment.cuts)},
            "counts": counts(connection),
            "config": _settings(config),
        }
        _write(connection, raw, types, sizes, folder)
    _write_json(folder / "report.json", report)
    _write_json(folder / "manifest.json", manifest)


def _read(
    connection: "duckdb.DuckDBPyConnection",
    config: DataConfig,
    seed: int,
    work: Path,
    folder: Path,
) -> tuple[RawTables, dict[str, Any]]:
    source = plugins.load("source", config.source)
    kept = folder.with_name(f"quarantine-{folder.name.removeprefix(durable.UNFINISHED)}.parquet")
    with engine.reading(config.source):
        raw: RawTables = source.read(config.source_options, connection, work, seed)
        report = clean(connection, raw, config, kept)
    kept.rename(folder / "quarantine.parquet")
    return raw, report


def _split(
    connection: "duckdb.DuckDBPyConnection", config: DataConfig, seed: int, former: Former | None
) -> Assignment:
    """Create the view `split_events`: the valid events with `split` codes."""
    kind = config.split.type
    options = plugins.parse_options("split", kind, config.split.options)
    assignment: Assignment = plugins.load("split", kind).assign(
        options, connection, "valid_events", seed
    )
    kept = [c for c in sql.column_types(connection, "valid_events") if c != "split"]
    sql.run(
        connection,
        "CREATE VIEW split_events AS SELECT $columns, ($code)::TINYINT AS split FROM $relation",
        columns=sql.names(kept),
        code=assignment.code if former is None else learn_validation(assignment.code),
        relation=assignment.relation,
    )
    check_parts(count_parts(connection, "split_events"), kind)
    return assignment


def _number(
    connection: "duckdb.DuckDBPyConnection",
    config: DataConfig,
    raw: RawTables,
    former: Former | None,
) -> _Rows:
    for key in ("user_id", "item_id"):
        create_former_rows(connection, key, former)
    users = rows.number_rows(
        connection, "user_id", "checked_users" if raw.users else None, config.min_user_events
    )
    items = rows.number_rows(
        connection, "item_id", "checked_items" if raw.items else None, config.min_item_events
    )
    return _Rows(*users, *items)


def _write(
    connection: "duckdb.DuckDBPyConnection",
    raw: RawTables,
    types: tuple[str, ...],
    sizes: _Rows,
    folder: Path,
) -> None:
    for key, label, has_table, taken in (
        ("user_id", "users", raw.users, raw.user_columns),
        ("item_id", "items", raw.items, raw.item_columns),
    ):
        table = f"checked_{label}" if has_table else None
        rows.write_entities(connection, key, table, taken, folder / f"{label}.parquet")
        (folder / "vocabularies").mkdir(exist_ok=True)
        rows.write_vocabulary(connection, key, folder / "vocabularies" / f"{key}.txt")
    taken_columns = (*raw.user_columns, *raw.item_columns)
    write.write_events(connection, types, taken_columns, folder / "events.parquet")
    (folder / "columns").mkdir()
    write.write_columns(folder / "events.parquet", folder / "columns")
    write.write_offsets(folder / "columns", sizes.num_users)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
