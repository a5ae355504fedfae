"""Files: CSV, TSV, JSONL, Parquet, RecBole's typed headers and MovieLens' own formats."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from configs.errors import DataError
from configs.section import Section
from tfrs_models.data import mapping, paths, reading, sql
from tfrs_models.data.layouts import CSV, MOVIELENS, RECBOLE, TSV, Layout
from tfrs_models.data.mapping import Constant, Filter
from tfrs_models.data.suggest import missing_columns
from tfrs_models.data.tables import RawTables

if TYPE_CHECKING:
    import duckdb

Paths = str | tuple[str, ...]
Part = Literal["train", "validation", "test"]
LAYOUTS = {"csv": CSV, "tsv": TSV, "recbole": RECBOLE}


class TableOptions(Section):
    """How the files of one table are read."""

    format: Literal["auto", "csv", "tsv", "jsonl", "parquet", "recbole", "movielens"] = "auto"
    """`auto` goes by the ending of the file name; `movielens` by the whole name (`u.data`, ...)."""
    delimiter: str | None = None
    """Between two cells of a text format, when it is not the usual one of the format."""
    encoding: Literal["utf-8", "utf-16", "latin-1"] | None = None
    """Encoding of a text format; `utf-8`, or what the published files use."""
    names: tuple[str, ...] | None = None
    """Column names of a text file without a header line."""
    columns: Mapping[str, str | Constant] = {}
    """Own name -> column of the file, or `{constant: value}`. Other columns keep their names."""


class Options(Section):
    """Files of the three tables. Each is a path, a glob, or a list of them."""

    events: Paths | Mapping[Part, Paths] = ()
    """Files with the events; by part of the split (`{train: ..., test: ...}`) for `given`."""
    items: Paths = ()
    """Files with the items, one row an item; none is fine."""
    users: Paths = ()
    """Files with the users, one row a user; none is fine."""
    event_table: TableOptions = TableOptions()
    """How the events are read."""
    item_table: TableOptions = TableOptions()
    """How the items are read."""
    user_table: TableOptions = TableOptions()
    """How the users are read."""
    timestamp_format: str = "auto"
    """`auto` reads ISO 8601 and epoch numbers, whose unit it finds from their size; otherwise an
    epoch unit (`s`, `ms`, `us`, `ns`) or a strptime format such as `%d.%m.%Y %H:%M`. A time
    without a zone is UTC."""
    filters: tuple[Filter, ...] = ()
    """Conditions on event rows, such as `{column: quantity, op: ">", value: 0}`."""
    item_columns: tuple[str, ...] = ()
    """Columns of the events that describe the item: they become attributes of the item, with the
    last value before the end of training (for items that come later, their first)."""
    user_columns: tuple[str, ...] = ()
    """Columns of the events that describe the user, likewise."""


def content_hash(options: Options, seed: int) -> str:
    """Path, size and modification time of every file."""
    found = [paths.identity(_expand(value, name)) for name, value, _ in _groups(options)]
    return json.dumps(found)


def read(
    options: Options, connection: "duckdb.DuckDBPyConnection", folder: Path, seed: int
) -> RawTables:
    """Create views on the mapped files."""
    reading.create_rejects(connection)
    _read_table(connection, options, "events", options.event_table)
    mapping.mark_filtered(connection, "mapped_events", options.filters, "raw_events")
    for label, given, table in (
        ("items", options.items, options.item_table),
        ("users", options.users, options.user_table),
    ):
        if given:
            _read_table(connection, options, label, table)
    return RawTables(
        events="raw_events",
        items="mapped_items" if options.items else None,
        users="mapped_users" if options.users else None,
        rejects=reading.REJECTS,
        timestamp_format=options.timestamp_format,
        item_columns=options.item_columns,
        user_columns=options.user_columns,
    )


def _groups(options: Options) -> Iterator[tuple[str, Paths, dict[str, str]]]:
    """Setting, files and constant columns of each group of files."""
    if isinstance(options.events, Mapping):
        for part, given in options.events.items():
            yield f"data.files.events.{part}", given, {"split": part}
    else:
        yield "data.files.events", options.events, {}
    yield "data.files.items", options.items, {}
    yield "data.files.users", options.users, {}


def _expand(given: Paths, setting: str) -> list[Path]:
    patterns = (given,) if isinstance(given, str) else given
    if not patterns and setting.startswith("data.files.events"):
        raise DataError(
            f"`{setting}` names no file: give a path, a glob or a list, such as "
            "`--set data.files.events=events.csv`"
        )
    return paths.expand(patterns, setting)


def _read_table(
    connection: "duckdb.DuckDBPyConnection", options: Options, label: str, table: TableOptions
) -> None:
    parts: list[tuple[str, dict[str, str]]] = []
    for setting, given, constants in _groups(options):
        if not setting.startswith(f"data.files.{label}"):
            continue
        for form, files in _read_together(_expand(given, setting), table, setting):
            name = f"{label}_{len(parts)}"
            if form == "parquet":
                _read_parquet(connection, files, name, table)
            else:
                _read_file(connection, form, files[0], name, label, table, setting)
            parts.append((f"mapped_{name}", constants))
    reading.unite(connection, parts, f"mapped_{label}")


def _read_together(
    found: Sequence[Path], table: TableOptions, setting: str
) -> Iterator[tuple[str, list[Path]]]:
    """Format and files of each relation: Parquet files that follow each other, or one other file.

    Parquet files of two folders are apart, since names such as `day=1` of a folder are columns too.
    """

    def place(path: Path) -> tuple[str, Path]:
        form = paths.format_of(path, setting) if table.format == "auto" else table.format
        return form, path.parent if form == "parquet" else path

    for (form, _), files in groupby(found, place):
        yield form, list(files)


def _read_parquet(
    connection: "duckdb.DuckDBPyConnection", files: Sequence[Path], name: str, table: TableOptions
) -> None:
    """Create the view `mapped_<name>` on Parquet files; each has the columns that are mapped."""
    sources = [source for source in table.columns.values() if isinstance(source, str)]
    if sources:
        for path in files:
            missing_columns(str(path), sources, reading.parquet_columns(connection, path))
    reading.read_parquet(connection, files, name)
    mapping.map_columns(connection, name, table.columns, f"mapped_{name}", str(files[0]))


def _read_file(
    connection: "duckdb.DuckDBPyConnection",
    form: str,
    path: Path,
    name: str,
    label: str,
    table: TableOptions,
    setting: str,
) -> None:
    """Create the view `mapped_<name>` on one file of text."""
    columns = dict(table.columns)
    if form == "jsonl":
        reading.read_jsonl(connection, path, name)
    else:
        layout = _layout(form, path, table, setting)
        reading.read_text(connection, path, name, layout, label)
        columns = _usual_columns(connection, name, layout) | columns
    mapping.map_columns(connection, name, columns, f"mapped_{name}", str(path))


def _layout(form: str, path: Path, table: TableOptions, setting: str) -> Layout:
    if form == "movielens" and path.name not in MOVIELENS:
        raise DataError(
            f"`{setting}`: {path.name} is none of the files of MovieLens, {', '.join(MOVIELENS)}. "
            "Rename it or set another `format`."
        )
    layout = MOVIELENS[path.name] if form == "movielens" else LAYOUTS[form]
    return replace(
        layout,
        delimiter=table.delimiter or layout.delimiter,
        encoding=table.encoding or layout.encoding,
        names=table.names or layout.names,
    )


def _usual_columns(
    connection: "duckdb.DuckDBPyConnection", name: str, layout: Layout
) -> dict[str, str | Constant]:
    """Canonical columns under the names that they have in the format."""
    present = sql.column_types(connection, name)
    return {
        own: source
        for own, source in layout.columns.items()
        if source in present and own not in present
    }
