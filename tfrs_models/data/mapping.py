"""Rename columns, add constants, and mark the rows that declared filters drop."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Self

from pydantic import model_validator

from configs.section import Section
from tfrs_models.data import cells, sql
from tfrs_models.data.suggest import missing_columns
from tfrs_models.data.tables import FILTER_COLUMN

if TYPE_CHECKING:
    import duckdb

Scalar = str | int | float | bool
NEGATIVE = ("!=", "not_matches")


class Constant(Section):
    """The same value in every row."""

    constant: Scalar
    """The value."""


class Filter(Section):
    """A condition that rows must meet to be kept; the dropped ones are counted."""

    column: str
    """Column, by its name after the mapping."""
    op: Literal["=", "!=", ">", ">=", "<", "<=", "not_null", "matches", "not_matches"]
    """`matches` looks for a regular expression (RE2) anywhere in the text."""
    value: Scalar | None = None
    """What the cell is compared with: a number compares numbers, text compares text. An empty cell
    meets only `!=` and `not_matches`."""

    @model_validator(mode="after")
    def _check_value(self) -> Self:
        if (self.op == "not_null") == (self.value is not None):
            rule = "takes no `value`" if self.op == "not_null" else "needs a `value`"
            raise ValueError(f"the filter `{self.column} {self.op}` {rule}")
        if self.op in ("matches", "not_matches") and not isinstance(self.value, str):
            raise ValueError(
                f"the filter `{self.column} {self.op}` needs a regular expression, received "
                f"{self.value!r}: put it in quotes"
            )
        return self

    @property
    def label(self) -> str:
        """How the report names the filter."""
        return " ".join(
            str(part) for part in (self.column, self.op, self.value) if part is not None
        )


def map_columns(
    connection: "duckdb.DuckDBPyConnection",
    raw: str,
    columns: Mapping[str, str | Constant],
    table: str,
    label: str,
) -> None:
    """Create a view with the mapped columns; columns that no mapping reads keep their names.

    Args:
        connection: where `raw` lives.
        raw: relation to read.
        columns: own name -> source column or constant.
        table: name of the view.
        label: what the relation is, for messages.

    Raises:
        DataError: a source column is missing.
    """
    present = list(sql.column_types(connection, raw))
    read = [source for source in columns.values() if isinstance(source, str)]
    missing_columns(label, read, present)
    renamed = [f"{_source(source)} AS {sql.name(own)}" for own, source in columns.items()]
    kept = [sql.name(c) for c in present if c not in read and c not in columns]
    sql.run(
        connection,
        "CREATE VIEW $table AS SELECT $columns FROM $raw",
        table=sql.name(table),
        columns=", ".join([*renamed, *kept]),
        raw=sql.name(raw),
    )


def _source(source: str | Constant) -> str:
    return sql.name(source) if isinstance(source, str) else sql.constant(source.constant)


def mark_filtered(
    connection: "duckdb.DuckDBPyConnection", raw: str, filters: Sequence[Filter], table: str
) -> None:
    """Create a view with `filtered_by`: the first filter that a row does not meet, or NULL."""
    types = sql.column_types(connection, raw)
    missing_columns("filters: the events", [f.column for f in filters], types)
    cases = " ".join(
        sql.fill(
            "WHEN NOT ($kept) THEN $label",
            kept=_kept(rule, types[rule.column]),
            label=sql.text(rule.label),
        )
        for rule in filters
    )
    sql.run(
        connection,
        "CREATE VIEW $table AS SELECT *, $filtered AS $column FROM $raw",
        table=sql.name(table),
        filtered=sql.fill("CASE $cases END", cases=cases) if cases else "NULL::VARCHAR",
        column=FILTER_COLUMN,
        raw=sql.name(raw),
    )


def _kept(rule: Filter, kind: str) -> str:
    """SQL condition that is never NULL."""
    column = sql.name(rule.column)
    is_number = isinstance(rule.value, int | float) and not isinstance(rule.value, bool)
    cell = cells.number(column, kind, "DOUBLE") if is_number else cells.identity(column, kind)
    if rule.op == "not_null":
        return sql.fill("$cell IS NOT NULL", cell=cell)
    if rule.op in ("matches", "not_matches"):
        form = "regexp_matches($cell, $value)"
    else:
        form = f"$cell {rule.op} $value"
    negation = "NOT " if rule.op == "not_matches" else ""
    condition = negation + sql.fill(form, cell=cell, value=_literal(rule.value))
    return sql.fill(
        "coalesce($condition, $empty)", condition=condition, empty=str(rule.op in NEGATIVE).lower()
    )


def _literal(value: Scalar | None) -> str:
    if isinstance(value, bool):
        return sql.text(str(value).lower())
    return sql.constant(value) if value is not None else "NULL"
