"""DuckDB statements: templates whose `$parts` are quoted names, quoted text or expressions.

User text reaches a statement only through `name` and `text`, so it can never end a quotation.
"""

import string
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb


def name(identifier: str) -> str:
    """Quote a table or column name."""
    return '"' + identifier.replace('"', '""') + '"'


def names(identifiers: Iterable[str]) -> str:
    """Quote names and join them with commas."""
    return ", ".join(name(identifier) for identifier in identifiers)


def text(value: str) -> str:
    """Quote a string."""
    return "'" + value.replace("'", "''") + "'"


def texts(values: Iterable[str]) -> str:
    """Quote strings and join them with commas."""
    return ", ".join(text(value) for value in values)


def constant(value: str | float | bool) -> str:
    """Write a number, a truth value or a string."""
    return text(value) if isinstance(value, str) else repr(value)


def fill(template: str, **parts: object) -> str:
    """Replace every `$part` of a template; a missing part raises KeyError."""
    return string.Template(template).substitute(parts)


def run(connection: "duckdb.DuckDBPyConnection", template: str, **parts: object) -> None:
    """Execute one statement."""
    connection.execute(fill(template, **parts))


def rows(
    connection: "duckdb.DuckDBPyConnection", template: str, **parts: object
) -> list[tuple[Any, ...]]:
    """Every row of a query with a small result."""
    return connection.execute(fill(template, **parts)).fetchall()


def value(connection: "duckdb.DuckDBPyConnection", template: str, **parts: object) -> Any:
    """The one value of a query."""
    [[only]] = rows(connection, template, **parts)
    return only


def column_types(connection: "duckdb.DuckDBPyConnection", relation: str) -> dict[str, str]:
    """Columns of a relation and their DuckDB types, in order."""
    found = rows(connection, "DESCRIBE FROM $relation", relation=name(relation))
    return {str(row[0]): str(row[1]) for row in found}
