"""The HNSW graph of FAISS (extra `faiss`): fast and exact vectors, more memory, no training.

Malkov and Yashunin, Efficient and robust approximate nearest neighbor search using Hierarchical
Navigable Small World graphs, TPAMI 2018.
"""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs.section import Section
from exports.indexes import Positive, Search
from exports.indexes._faiss import Settings, library, opened, write

_BREADTH = 400


class Options(Section):
    """Settings of the graph."""

    neighbors: Annotated[int, Field(ge=2)] = 32
    """Edges of each candidate (M of the paper)."""
    build_breadth: Positive = 200
    """Candidates that are kept while an edge is looked for (efConstruction)."""
    search_breadth: Positive | None = None
    """Candidates that are kept while a query is answered (efSearch), at least `k`; 400 when
    missing."""


def build(options: Options, embeddings: NDArray[np.float32], folder: Path, seed: int) -> None:
    """Build the graph on one thread and write it."""
    faiss = library()
    index = faiss.IndexHNSWFlat(embeddings.shape[1], options.neighbors, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = options.build_breadth
    index.hnsw.rng = faiss.RandomGenerator(seed)
    write(index, embeddings, {"search_breadth": options.search_breadth or _BREADTH}, folder)


def load(folder: Path) -> Search:
    """Open the index.

    Raises:
        EnvironmentFault: FAISS is not installed.
    """
    return opened(folder, _parameters)


def _parameters(settings: Settings, k: int) -> Any:
    return library().SearchParametersHNSW(efSearch=max(settings["search_breadth"], k))
