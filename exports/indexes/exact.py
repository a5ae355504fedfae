"""The exact index: every candidate is scored, in blocks, from a memory-mapped file."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from configs.section import Section
from exports.indexes import Found, Search

_FILE = "embeddings.npy"


class Options(Section):
    """The exact index has no settings."""


def build(options: Options, embeddings: NDArray[np.float32], folder: Path, seed: int) -> None:  # noqa: ARG001
    """Write the embeddings; nothing is learned, so `options` and `seed` change nothing."""
    np.save(folder / _FILE, embeddings, allow_pickle=False)


def embeddings(folder: Path) -> NDArray[np.float32]:
    """The candidate embeddings, float32 [N, D], memory-mapped."""
    mapped: NDArray[np.float32] = np.load(folder / _FILE, mmap_mode="r", allow_pickle=False)
    return mapped


def load(folder: Path) -> Search:
    """Open the embeddings without reading them into memory."""
    candidates = embeddings(folder)

    def search(queries: NDArray[np.float32], k: int) -> Found:
        return search_blocks(candidates, queries, k)

    return search


def search_blocks(
    embeddings: NDArray[np.float32],
    queries: NDArray[np.float32],
    k: int,
    block_scores: int = 1 << 22,
) -> Found:
    """The k largest inner products, equal scores by position.

    Args:
        embeddings: float32 [N, D].
        queries: float32 [B, D], B > 0.
        k: at most N.
        block_scores: scores held at once; a block has at least k candidates.

    Returns:
        Positions int64 [B, k] and scores float32 [B, k], best first.
    """
    rows = max(k, block_scores // len(queries))
    positions = np.empty((len(queries), 0), np.int64)
    scores = np.empty((len(queries), 0), np.float32)
    for start in range(0, len(embeddings), rows):
        block = queries @ embeddings[start : start + rows].T
        here = np.broadcast_to(np.arange(start, start + block.shape[1]), block.shape)
        positions, scores = _best(np.hstack([positions, here]), np.hstack([scores, block]), k)
    order = np.lexsort((positions, -scores))
    return np.take_along_axis(positions, order, 1), np.take_along_axis(scores, order, 1)


def _best(positions: NDArray[np.int64], scores: NDArray[np.float32], k: int) -> Found:
    if scores.shape[1] <= k:
        return positions, scores
    kept = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    return np.take_along_axis(positions, kept, 1), np.take_along_axis(scores, kept, 1)
