"""Files become DuckDB relations with `source_file` and `source_row`."""

import csv
import gzip
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from configs.errors import DataError
from tfrs_models.data import sql
from tfrs_models.data.layouts import Layout
from tfrs_models.data.paths import literal
from tfrs_models.data.tables import OPTIONAL_EVENT_COLUMNS, REQUIRED_EVENT_COLUMNS

if TYPE_CHECKING:
    import duckdb

REJECTS = "rejected_lines"
REASONS = {
    "INVALID ENCODING": "not in the declared encoding",
    "MISSING COLUMNS": "too few cells",
    "TOO MANY COLUMNS": "too many cells",
    "UNQUOTED VALUE": "unterminated quote",
    "LINE SIZE OVER MAXIMUM": "line too long",
}
ROW_NUMBER = "file_row_number"
"""What DuckDB calls the row of a Parquet file, counted from 0; no column of it has this name."""
_FILE = "tfrs_file"
VALIDATED = (*REQUIRED_EVENT_COLUMNS, *OPTIONAL_EVENT_COLUMNS, "rating")
FORMS = {
    "token": "$column",
    "token_seq": "$column",
    "float": "TRY_CAST($column AS DOUBLE)",
    "float_seq": "list_transform(string_split($column, ' '), lambda x: TRY_CAST(x AS FLOAT))",
}
"""SQL of the types of a RecBole header."""


def create_rejects(connection: "duckdb.DuckDBPyConnection") -> None:
    """Create the empty table of the lines that could not become rows."""
    sql.run(
        connection,
        """
        CREATE TABLE $table (table_name VARCHAR, source_file VARCHAR, source_row BIGINT,
                             reason VARCHAR, record VARCHAR)
        """,
        table=REJECTS,
    )


def read_parquet(
    connection: "duckdb.DuckDBPyConnection", files: Sequence[Path], table: str
) -> None:
    """Create a view on Parquet files, matched by column name.

    One list of thousands of files is read in the time that a view on each takes for a hundred.
    """
    sql.run(
        connection,
        """
        CREATE VIEW $table AS
        SELECT * EXCLUDE ($number, $file), $file AS source_file, $number + 1 AS source_row
        FROM read_parquet([$files], union_by_name = true, $number = true, filename = $file_name)
        """,
        table=sql.name(table),
        number=ROW_NUMBER,
        file=sql.name(_FILE),
        files=sql.texts(literal(path) for path in files),
        file_name=sql.text(_FILE),
    )


def parquet_columns(connection: "duckdb.DuckDBPyConnection", path: Path) -> dict[str, str]:
    """Columns of a Parquet file and their DuckDB types."""
    found = sql.rows(connection, "DESCRIBE FROM read_parquet($path)", path=sql.text(literal(path)))
    return {str(row[0]): str(row[1]) for row in found}


def read_jsonl(connection: "duckdb.DuckDBPyConnection", path: Path, table: str) -> None:
    """Create a table of a file with one JSON object a line; a broken line becomes an empty row."""
    sql.run(
        connection,
        """
        CREATE TABLE $table AS
        SELECT *, $label AS source_file, row_number() OVER () AS source_row
        FROM read_json($path, format = 'newline_delimited', records = true, sample_size = -1,
                       ignore_errors = true)
        """,
        table=sql.name(table),
        label=sql.text(str(path)),
        path=sql.text(literal(path)),
    )


def read_text(
    connection: "duckdb.DuckDBPyConnection", path: Path, table: str, layout: Layout, label: str
) -> None:
    """Create a table of a delimited file; broken lines go to the rejects.

    Args:
        connection: where the table is created.
        path: the file.
        table: name of the new table.
        layout: how its lines are laid out.
        label: `events`, `items` or `users`, for the rejects.
    """
    names = list(layout.names or _header(path, layout))
    types = dict(_typed(path, name) if layout.typed_header else (name, "token") for name in names)
    sql.run(
        connection,
        """
        CREATE TABLE $table AS
        SELECT $columns, $label AS source_file, row_number() OVER () + $header AS source_row
        FROM read_csv($path, auto_detect = false, header = $has_header, delim = $delimiter,
                      quote = $quote, escape = $quote, encoding = $encoding, columns = {$types},
                      store_rejects = true, rejects_table = $faults, rejects_scan = $scans)
        """,
        table=sql.name(table),
        columns=_select(types, layout),
        label=sql.text(str(path)),
        header=int(layout.names is None),
        path=sql.text(literal(path)),
        has_header="false" if layout.names else "true",
        delimiter=sql.text(layout.delimiter),
        quote=sql.text(layout.quote),
        encoding=sql.text(layout.encoding),
        types=", ".join(f"{sql.text(name)}: 'VARCHAR'" for name in types),
        faults=sql.text(f"{table}_faults"),
        scans=sql.text(f"{table}_scans"),
    )
    _keep_rejects(connection, path, table, label)


def _keep_rejects(
    connection: "duckdb.DuckDBPyConnection", path: Path, table: str, label: str
) -> None:
    reasons = " ".join(
        sql.fill("WHEN $kind THEN $reason", kind=sql.text(kind), reason=sql.text(reason))
        for kind, reason in REASONS.items()
    )
    sql.run(
        connection,
        """
        INSERT INTO $rejects
        SELECT $label, $file, line, first(CASE error_type::VARCHAR $reasons ELSE 'unreadable' END),
               first(csv_line)
        FROM $faults GROUP BY line ORDER BY line
        """,
        rejects=REJECTS,
        label=sql.text(label),
        file=sql.text(str(path)),
        reasons=reasons,
        faults=sql.name(f"{table}_faults"),
    )


def _typed(path: Path, cell: str) -> tuple[str, str]:
    """Name and type of a cell of a RecBole header, such as `price:float`."""
    name, colon, kind = cell.partition(":")
    if not colon or kind not in FORMS:
        raise DataError(
            f"{path}: the header cell `{cell}` is no RecBole column. It must be `name:type` with "
            f"one of the types {', '.join(FORMS)}; otherwise set `format` to `tsv`."
        )
    return name, kind


def _select(types: Mapping[str, str], layout: Layout) -> str:
    """The columns of a text file as a SELECT list, derived ones last.

    Columns that are validated later stay text, so that a broken cell is reported, not lost.
    """
    left_out = (*layout.hidden, *layout.derived)
    kept = {
        name: sql.fill(FORMS["token" if name in VALIDATED else kind], column=sql.name(name))
        for name, kind in types.items()
        if name not in left_out
    }
    return ", ".join(
        f"{expression} AS {sql.name(name)}"
        for name, expression in {**kept, **layout.derived}.items()
    )


def _header(path: Path, layout: Layout) -> list[str]:
    line = _first_line(path, layout)
    if len(layout.delimiter) > 1 or not layout.quote:
        cells = line.split(layout.delimiter)
    else:
        cells = next(csv.reader([line], delimiter=layout.delimiter, quotechar=layout.quote), [])
    names = [cell.strip() or f"column_{i}" for i, cell in enumerate(cells, start=1)]
    twice = [name for name, count in Counter(name.lower() for name in names).items() if count > 1]
    if twice:
        raise DataError(
            f"{path}: the header names the column `{twice[0]}` twice (letter case does not count). "
            "Rename one in the file."
        )
    return names


def _first_line(path: Path, layout: Layout) -> str:
    encoding = "utf-8-sig" if layout.encoding == "utf-8" else layout.encoding
    opener = gzip.open if path.suffix == ".gz" else open
    # Python decodes whole blocks; only a broken header counts here, DuckDB checks the other lines.
    with opener(path, "rt", encoding=encoding, errors="surrogateescape") as file:
        line = str(file.readline()).rstrip("\r\n")
    if not line.isprintable() and any("\ud800" <= character <= "\udfff" for character in line):
        raise DataError(
            f"{path}: the header is not {layout.encoding}: {line!a}. Set `encoding` to "
            "`latin-1` or `utf-16`, or convert the file."
        )
    return line


def unite(
    connection: "duckdb.DuckDBPyConnection",
    parts: Sequence[tuple[str, Mapping[str, str]]],
    table: str,
) -> None:
    """Create a view on several relations, matched by column name.

    Args:
        connection: where the relations live.
        parts: names of relations, each with constant columns to add (name -> text).
        table: name of the view.
    """
    selects = [
        sql.fill(
            "SELECT * $constants FROM $part",
            constants="".join(f", {sql.text(v)} AS {sql.name(k)}" for k, v in constants.items()),
            part=sql.name(part),
        )
        for part, constants in parts
    ]
    sql.run(
        connection,
        "CREATE VIEW $table AS $selects",
        table=sql.name(table),
        selects=" UNION ALL BY NAME ".join(selects),
    )
