"""The rows of a table that has grown, each with the former row that it begins as.

A table may hold several features one after the other, each in a block of rows. New ids come at the
end of their block, so the rows of all blocks behind it move.

Legend: R rows of a table now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.dataset import UNKNOWN_ROW
from tfrs_models.layers.stacked import StackedEmbedding


@dataclass(frozen=True)
class Block:
    """The rows of one feature.

    Attributes:
        before: number of its ids in the former model.
        now: in the present one.
    """

    before: int
    now: int

    @property
    def fits(self) -> bool:
        """Whether the former ids stay, and new ones have an unknown id to begin as."""
        return self.before == self.now or UNKNOWN_ROW < self.before < self.now


@dataclass(frozen=True)
class Rows:
    """Where the rows of a table come from.

    Attributes:
        origin: int [R], the former row that each one begins as: its own, or that of its feature's
            unknown id.
        known: bool [R], whether it is its own.
    """

    origin: NDArray[np.intp]
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, blocks: Sequence[Block]) -> Self:
        """The rows of a table with these blocks."""
        block = np.repeat(np.arange(len(blocks)), [one.now for one in blocks])
        before = np.array([one.before for one in blocks])
        now = np.array([one.now for one in blocks])
        row = np.arange(len(block)) - (np.cumsum(now) - now)[block]
        known = row < before[block]
        origin = (np.cumsum(before) - before)[block] + np.where(known, row, UNKNOWN_ROW)
        return cls(origin, known)


def stacked_blocks(model: Any, num_ids: Mapping[str, int]) -> dict[str, list[Block]]:
    """The blocks of a model's tables that hold several features, by the name of the table.

    Args:
        model: the present one.
        num_ids: of the former features and crosses, by name.
    """
    found = {}
    for stack in (one for one in model.submodules if isinstance(one, StackedEmbedding)):
        table = stack.embedding.table
        sizes = np.diff([*stack.first_rows.values(), table.shape[0]]).tolist()
        names = zip(stack.first_rows, sizes, strict=True)
        found[str(table.name)] = [Block(num_ids.get(name, 0), now) for name, now in names]
    return found
