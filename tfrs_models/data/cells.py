"""SQL expressions that bring one column into its canonical form."""

from tfrs_models.data import sql

FLOATS = ("FLOAT", "DOUBLE", "DECIMAL")
MAX_EXACT_INTEGER = 2**53


def is_text(kind: str) -> bool:
    """Whether a DuckDB type holds text; bytes are read as UTF-8."""
    return kind in ("VARCHAR", "JSON", "BLOB") or kind.startswith("ENUM")


def clean_text(column: str, kind: str) -> str:
    """Text in Unicode normal form C without outer spaces; NULL when nothing is left.

    Args:
        column: quoted name.
        kind: DuckDB type of the column.
    """
    source = {"BLOB": "TRY(decode($column))", "JSON": "$column ->> '$$'"}.get(
        kind, "$column::VARCHAR"
    )
    return sql.fill(
        "NULLIF(nfc_normalize(trim($source)), '')",
        source=sql.fill(source, column=column),
    )


def identity(column: str, kind: str) -> str:
    """An id as text. 17850.0, as a number or as text, is the id `17850`; NaN is missing."""
    if is_text(kind):
        return sql.fill(
            r"CASE WHEN ends_with($text, '.0') THEN regexp_replace($text, $whole, '\1') "
            "ELSE $text END",
            text=clean_text(column, kind),
            whole=sql.text(r"^(-?[0-9]+)\.0$"),
        )
    if kind.startswith(FLOATS):
        return sql.fill(
            """
            CASE WHEN NOT isnan($column::DOUBLE) THEN
                CASE WHEN $column = trunc($column) AND abs($column) < $limit
                THEN TRY_CAST($column AS BIGINT)::VARCHAR ELSE $column::VARCHAR END
            END
            """,
            column=column,
            limit=MAX_EXACT_INTEGER,
        )
    return sql.fill("$column::VARCHAR", column=column)


def clean(column: str, kind: str) -> str:
    """A free column: text is cleaned, other types stay as they are."""
    return clean_text(column, kind) if is_text(kind) else column


def number(column: str, kind: str, target: str) -> str:
    """A column as a number; NULL when it is missing or cannot be read."""
    source = clean_text(column, kind) if is_text(kind) else column
    return sql.fill("TRY_CAST($source AS $target)", source=source, target=target)


def is_present(column: str, kind: str) -> str:
    """Whether a cell holds something."""
    return sql.fill("$cell IS NOT NULL", cell=clean(column, kind))
