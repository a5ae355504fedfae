"""The examples of the ranking benchmarks: columns and labels by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["binary", "rating"]
SEPARATOR = "|"
"""Stands between the values of one text of a column of `lists`."""


@dataclass(frozen=True)
class Table:
    """Rows of one part.

    Attributes:
        columns: by name, texts as str objects [N], "" where one is missing; numbers as float64 [N],
            NaN where one is missing.
        labels: float64 [N] by task: 0 or 1, or a rating.
        lists: the columns of texts that hold several values each, joined by `SEPARATOR`.
    """

    columns: Mapping[str, NDArray[Any]]
    labels: Mapping[str, NDArray[np.float64]]
    lists: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(next(iter(self.labels.values())))

    @property
    def texts(self) -> tuple[str, ...]:
        """Columns with one text a row."""
        return tuple(
            n for n, c in self.columns.items() if c.dtype == object and n not in self.lists
        )

    @property
    def numbers(self) -> tuple[str, ...]:
        """Columns with one number a row."""
        return tuple(n for n, c in self.columns.items() if c.dtype != object)

    def take(self, rows: NDArray[Any]) -> "Table":
        """The rows of a mask or of indices, in their order."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        labels = {task: values[rows] for task, values in self.labels.items()}
        return Table(columns, labels, self.lists)


@dataclass(frozen=True)
class RankingData:
    """A data set that is ready to be learned.

    Attributes:
        train: what may be learned from, validation included.
        test: what is measured on.
        kind: of all tasks: `binary` labels, or a `rating`.
        crosses: pairs of columns of texts that a wide part combines.
    """

    train: Table
    test: Table
    kind: Kind
    crosses: tuple[tuple[str, str], ...]


def split(table: Table, share: float, seed: int) -> tuple[Table, Table]:
    """The rows without a random share of them, and that share; both keep their order."""
    number = round(share * len(table))
    held = np.zeros(len(table), np.bool_)
    held[np.random.default_rng(seed).permutation(len(table))[:number]] = True
    return table.take(~held), table.take(held)
