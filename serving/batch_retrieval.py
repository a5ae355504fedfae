"""The nearest items of all users of a bundle at once, by its index.

Legend: B users of a block, H interests, A items that the index is asked for, N items, K that come
back.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exports.contest import EXACT
from exports.index import Index, open_index
from exports.indexes import Found
from exports.loader import LoadedModel, load_model
from exports.manifest import Manifest
from exports.user_rows import user_rows
from serving.interests import search
from serving.tables import SEEN

_ROWS = 1_024
_QUERY_EMBEDDING = "query_embedding"


@dataclass(frozen=True)
class Retrieval:
    """What finds the items.

    Attributes:
        embed_query: the query model.
        index: finds them fast.
        exact: finds them all, for users who have seen what the index found.
        exclude_seen: whether the items a user has seen stay out.
    """

    embed_query: LoadedModel
    index: Index
    exact: Index
    exclude_seen: bool

    @classmethod
    def open(cls, bundle: Path, manifest: Manifest, threads: int) -> "Retrieval":
        """The retrieval of a bundle."""
        return cls(
            load_model(bundle / "models" / "embed_query", threads),
            open_index(bundle / "index" / manifest.index),
            open_index(bundle / "index" / EXACT),
            manifest.exclude_seen,
        )

    def blocks(self, users: Any, k: int) -> Iterator[tuple[list[str], Found]]:
        """User ids [B], and positions int64 [B, K] and scores, padded with -1 and -inf."""
        now = int(time.time())
        for start in range(0, len(users), _ROWS):
            block = users.slice(start, _ROWS)
            embedded = self.embed_query(user_rows(block, self.embed_query.inputs, now))
            found = self._find(embedded[_QUERY_EMBEDDING], self._seen(block), k)
            yield block.column("user_id").to_pylist(), found

    def _seen(self, block: Any) -> list[NDArray[np.int32]]:
        """Positions of the items that must not come back, for each user."""
        if not self.exclude_seen:
            return [np.zeros(0, np.int32)] * len(block)
        return [one.values.indices.to_numpy() for one in block.column(SEEN)]

    def _find(self, queries: NDArray[np.float32], seen: list[NDArray[np.int32]], k: int) -> Found:
        # As `Recommender.retrieve` asks for one user: at most twice as many.
        lengths = np.array([len(one) for one in seen])
        ask = min(k + min(int(lengths.max(initial=0)), k), self.index.size)
        positions, scores = kept(*search(self.index, queries, ask), seen, self.index.size, k)
        wanted = np.minimum(k, self.index.size - lengths)
        for row in np.flatnonzero((positions >= 0).sum(axis=1) < wanted):
            ask = min(k + int(lengths[row]), self.exact.size)
            again = search(self.exact, queries[row : row + 1], ask)
            positions[row], scores[row] = (
                one[0] for one in kept(*again, [seen[row]], self.exact.size, k)
            )
        return positions, scores


def kept(
    positions: NDArray[np.int64],
    scores: NDArray[np.float32],
    seen: list[NDArray[np.int32]],
    size: int,
    k: int,
) -> Found:
    """The first k items of each row that were not seen: [B, k], padded with -1 and -inf.

    Args:
        positions: int64 [B, A], -1 for none.
        scores: float32 [B, A].
        seen: positions that must not come back, for each row.
        size: N.
        k: K.
    """
    rows = np.arange(len(positions))[:, np.newaxis] * size
    owners = np.repeat(np.arange(len(seen)), [len(one) for one in seen]) * size
    removed = np.isin(positions + rows, owners + np.concatenate([*seen, np.zeros(0, np.int32)]))
    valid = (positions >= 0) & ~removed
    order = np.argsort(~valid, axis=1, kind="stable")[:, :k]
    found, values, real = (np.take_along_axis(v, order, axis=1) for v in (positions, scores, valid))
    width = ((0, 0), (0, k - found.shape[1]))
    return (
        np.pad(np.where(real, found, -1), width, constant_values=-1),
        np.pad(np.where(real, values, -np.inf), width, constant_values=-np.inf),
    )


def answers(ids: NDArray[Any], found: Found) -> Mapping[str, NDArray[Any]]:
    """Positions and scores as the request model answers: `item_id`, `count`, `retrieval_score`."""
    positions, scores = found
    real = positions >= 0
    return {
        "item_id": np.where(real, ids[positions], b""),
        "count": real.sum(axis=1).astype(np.int32),
        "retrieval_score": np.where(real, scores, 0).astype(np.float32),
    }
