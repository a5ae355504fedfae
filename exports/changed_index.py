"""Candidates added, changed or removed after an index was built, over an index of any type.

New embeddings lie beside the index and are scored exactly; what stands in their place in the index,
and what was removed, is left out of its answers. Nothing that was built is touched, so a reader of
the same files sees none of it, and replacing one `Index` by another is safe between threads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from configs.errors import ArtifactError
from exports.checks import check_embeddings
from exports.index import Index
from exports.indexes import Found

Positions = Sequence[int] | NDArray[np.int64]


@dataclass(frozen=True)
class Changes:
    """What differs from the index as it was built.

    Attributes:
        positions: int64 [M], rising, of the candidates with a new embedding.
        embeddings: float32 [M, D].
        removed: int64 [R], rising; none of them in `positions`.
    """

    positions: NDArray[np.int64]
    embeddings: NDArray[np.float32]
    removed: NDArray[np.int64]

    @classmethod
    def none(cls, dim: int) -> Self:
        """No change yet, of embeddings of width `dim`."""
        nothing = np.empty(0, np.int64)
        return cls(nothing, np.empty((0, dim), np.float32), nothing)

    def upsert(self, positions: Positions, embeddings: NDArray[np.float32]) -> Self:
        """Add candidates or give them another embedding; a removed one comes back.

        Args:
            positions: int64 [U], unique; those past the built index are new candidates.
            embeddings: float32 [U, D].

        Raises:
            ArtifactError: a position that is below 0 or stands twice, or embeddings that no index
                can serve.
        """
        rows = _checked(positions)
        if not rows.size:
            return self
        check_embeddings(embeddings, [str(row) for row in rows])
        if embeddings.shape[1] != self.embeddings.shape[1]:
            raise ArtifactError(
                f"`embeddings` must have the width {self.embeddings.shape[1]} of the index, got "
                f"{embeddings.shape[1]}: embed them with the model of the same bundle."
            )
        kept = ~np.isin(self.positions, rows)
        both = np.concatenate([self.positions[kept], rows])
        order = np.argsort(both)
        stacked = np.concatenate([self.embeddings[kept], embeddings])
        return type(self)(both[order], stacked[order], np.setdiff1d(self.removed, rows))

    def delete(self, positions: Positions) -> Self:
        """Remove candidates; one that is not there stays away.

        Raises:
            ArtifactError: a position is below 0 or stands twice.
        """
        rows = _checked(positions)
        kept = ~np.isin(self.positions, rows)
        removed = np.union1d(self.removed, rows)
        return type(self)(self.positions[kept], self.embeddings[kept], removed)


def changed_index(index: Index, changes: Changes) -> Index:
    """The index as if it had been built with the changes.

    A search asks the built index for as many more as it holds candidates that are out of date, and
    scores the new embeddings one by one: build anew before there are thousands of either.

    Args:
        index: as it was opened.
        changes: all of them since then, not those since the last call.
    """
    outdated = np.union1d(changes.positions, changes.removed)
    outdated = outdated[outdated < index.size]

    def search(queries: NDArray[np.float32], k: int) -> Found:
        asked = min(k + outdated.size, index.size)
        found, scores = index.search_valid(queries, asked)
        gone = np.isin(found, outdated)
        fresh = np.broadcast_to(changes.positions, (len(queries), changes.positions.size))
        fresh_scores = queries @ changes.embeddings.T
        positions = np.concatenate([np.where(gone, -1, found), fresh], axis=1)
        every = np.concatenate([np.where(gone, -np.inf, scores), fresh_scores], axis=1)
        return _best(positions, every, k)

    size = index.size - outdated.size + changes.positions.size
    return Index(search, size, index.dim)


def _best(positions: NDArray[np.int64], scores: NDArray[np.float32], k: int) -> Found:
    """The k best of each row, equal scores in their order."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(positions, order, 1), np.take_along_axis(scores, order, 1)


def _checked(positions: Positions) -> NDArray[np.int64]:
    rows = np.asarray(positions, np.int64)
    if (rows < 0).any() or len(np.unique(rows)) != len(rows):
        raise ArtifactError(
            f"`positions` must be 0 or more, each once, got {rows[:5].tolist()} (the first five): "
            "give every candidate one position, new ones after the last of the index."
        )
    return rows
