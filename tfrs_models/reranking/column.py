"""A categorical column of items, as codes: no value, one, or several for each item."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tfrs_models.metrics.rows import Rows


def name_of(value: Any) -> str:
    """A value as text, alike however it was stored: 5 and 5.0 are `5`, a true one is `true`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _is_given(value: Any) -> bool:
    return value is not None and value != "" and value == value  # NaN differs from itself


@dataclass(frozen=True)
class Column:
    """The values of N items.

    Attributes:
        rows: the codes of each item, each once; which number stands for which value is the same for
            all parts of a table.
        code_of: the code of each value, as `name_of` writes it.
    """

    rows: Rows
    code_of: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def of(cls, values: Iterable[Iterable[Any]]) -> Self:
        """A column from the values of each item; None, NaN and "" are no values."""
        code_of: dict[str, int] = {}
        codes: list[int] = []
        indptr = [0]
        for own in values:
            names = (name_of(value) for value in own if _is_given(value))
            codes += dict.fromkeys(code_of.setdefault(name, len(code_of)) for name in names)
            indptr.append(len(codes))
        return cls(Rows(np.array(indptr, np.int64), np.array(codes, np.int32)), code_of)

    @property
    def codes(self) -> NDArray[np.int32]:
        """The codes of all items, one after the other: int32 [T]."""
        return self.rows.items

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of values of each item: int64 [N]."""
        return self.rows.lengths

    @property
    def owners(self) -> NDArray[np.int64]:
        """The item of each code: int64 [T]."""
        return self.rows.owners

    def take(self, items: NDArray[np.int64]) -> "Column":
        """The values of chosen items, in the order given."""
        return Column(self.rows.take(items), self.code_of)

    def members(self) -> NDArray[np.bool_]:
        """Which item has which of the V values that occur: bool [N, V]."""
        values, local = np.unique(self.codes, return_inverse=True)
        member = np.zeros((len(self), len(values)), np.bool_)
        member[self.owners, local] = True
        return member

    def having(self, value: str) -> NDArray[np.bool_]:
        """Which items have a value: bool [N]."""
        found = np.zeros(len(self), np.bool_)
        found[self.owners[self.codes == self.code_of.get(value, -1)]] = True
        return found
