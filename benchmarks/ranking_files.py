"""Lines of separated fields, as columns; what is not in the format names file, line and rule."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from published_files import FormatError

MISSING = ("", "?")
COMMENT = "|"


@dataclass(frozen=True)
class Fields:
    """A file as columns of texts, stripped of white space around them.

    Attributes:
        path: the file.
        lines: the line of each row, counted from 1.
        columns: the fields of each row, by name.
    """

    path: Path
    lines: Sequence[int]
    columns: Mapping[str, Sequence[str]]

    def texts(self, name: str) -> NDArray[np.object_]:
        """The texts of a field; "" where it is missing."""
        texts = ["" if text in MISSING else text for text in self.columns[name]]
        return np.array(texts, object)

    def numbers(self, name: str) -> NDArray[np.float64]:
        """The numbers of a field; NaN where it is missing."""
        return self.parsed(name, "a number", lambda t: np.nan if t in MISSING else _finite(t))

    def labels(self, name: str, meaning: Mapping[str, float]) -> NDArray[np.float64]:
        """The value that each text of a field means."""
        wanted = " or ".join(f"`{text}`" for text in meaning)
        return self.parsed(name, wanted, meaning.__getitem__)

    def places(self, name: str, other: "Fields") -> NDArray[np.int64]:
        """The row of `other` with the same text in the field of that name."""
        place = {text: row for row, text in enumerate(other.columns[name])}
        rows = self.parsed(name, f"a `{name}` of {other.path.name}", place.__getitem__)
        return rows.astype(np.int64)

    def parsed(self, name: str, wanted: str, parse: Callable[[str], float]) -> NDArray[np.float64]:
        """What `parse` makes of each text of a field.

        Raises:
            FormatError: `parse` raised KeyError or ValueError.
        """
        return np.array([self._one(name, row, wanted, parse) for row in range(len(self.lines))])

    def _one(self, name: str, row: int, wanted: str, parse: Callable[[str], float]) -> float:
        text = self.columns[name][row]
        try:
            return parse(text)
        except (KeyError, ValueError) as error:
            raise FormatError(
                f"{self.path}, line {self.lines[row]}: `{name}` must be {wanted}, found {text!r}"
            ) from error


def _finite(text: str) -> float:
    number = float(text)
    if not np.isfinite(number):
        raise ValueError(text)
    return number


def read_fields(
    path: Path, names: Sequence[str], separator: str, encoding: str = "utf-8"
) -> Fields:
    """Read a file without a header; empty lines are skipped.

    Raises:
        FormatError: a line has another number of fields, or there is none.
    """
    return _fields(path, enumerate(_lines(path, encoding), 1), names, separator)


def read_commented(path: Path, names: Sequence[str], separator: str) -> Fields:
    """The same of a file whose lines that begin with `COMMENT` are none of the data."""
    kept = ((n, t) for n, t in enumerate(_lines(path), 1) if not t.startswith(COMMENT))
    return _fields(path, kept, names, separator)


def read_headed(path: Path, names: Sequence[str]) -> Fields:
    """Read a file of RecBole: tab separated, and a first line of `name:type`.

    Raises:
        FormatError: a field of `names` is not there, or a line has another number of fields.
    """
    header, *lines = _lines(path) or [""]
    found = [field.partition(":")[0] for field in header.split("\t")]
    if missing := sorted(set(names) - set(found)):
        raise FormatError(
            f"{path}, line 1: the fields {', '.join(missing)} are wanted, found {header!r:.90}"
        )
    return _fields(path, enumerate(lines, 2), found, "\t")


def _lines(path: Path, encoding: str = "utf-8") -> list[str]:
    # Not `splitlines`, which also cuts at characters that stand within a title.
    return path.read_text(encoding).split("\n")


def _fields(path: Path, lines: Any, names: Sequence[str], separator: str) -> Fields:
    numbered = [(number, line) for number, line in lines if line.strip()]
    rows = [_row(path, number, line.split(separator), len(names)) for number, line in numbered]
    if not rows:
        raise FormatError(f"{path}: lines of {len(names)} fields are wanted, found none")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    return Fields(path, [number for number, _ in numbered], columns)


def _row(path: Path, number: int, fields: list[str], wanted: int) -> list[str]:
    if len(fields) != wanted:
        raise FormatError(
            f"{path}, line {number}: {wanted} fields are wanted, found {len(fields)}: "
            f"{fields!r:.90}"
        )
    return [field.strip() for field in fields]
