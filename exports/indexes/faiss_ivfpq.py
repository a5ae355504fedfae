"""Inverted lists of product-quantised vectors of FAISS (extra `faiss`), scored again exactly.

Jegou, Douze and Schmid, Product Quantization for Nearest Neighbor Search, TPAMI 2011.
"""

import math
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs.section import Section
from exports.indexes import Positive, Search, partition_sizes, reordered
from exports.indexes._faiss import Settings, library, opened, write

_DIMENSIONS_PER_CODE = 2
_SEARCHED = 10
"""One of so many lists is searched."""
_FEWEST = 32
"""Candidates below which there is nothing to learn codes from."""


class Options(Section):
    """Settings; sizes are chosen from the number of candidates when missing."""

    flat_below: Annotated[int, Field(ge=0)] = 20_000
    """Fewer candidates than this are scored one by one."""
    lists: Positive | None = None
    """Inverted lists; the square root of the number of candidates when missing."""
    lists_to_search: Positive | None = None
    """Lists searched for each query; a tenth of them, at least 10, when missing."""
    reorder: Positive | None = None
    """Candidates scored again exactly, at least four times the `k` that is asked for; a
    five-hundredth of them, at least 400, when missing."""


def build(options: Options, embeddings: NDArray[np.float32], folder: Path, seed: int) -> None:
    """Learn lists and codes on one thread, and write the index."""
    number, dim = embeddings.shape
    flat = number < max(options.flat_below, _FEWEST)
    lists, searched = partition_sizes(number, options.lists, options.lists_to_search, _SEARCHED)
    index = _flat(dim) if flat else _compressed(number, dim, lists, seed)
    reorder = reordered(number, options.reorder)
    settings = {"flat": flat, "lists_to_search": searched, "reorder": reorder}
    write(index, embeddings, settings, folder)


def _flat(dim: int) -> Any:
    return library().IndexFlatIP(dim)


def _compressed(number: int, dim: int, lists: int, seed: int) -> Any:
    faiss = library()
    codes = math.ceil(dim / _DIMENSIONS_PER_CODE)
    bits = min(8, int(math.log2(number)))
    # `np` leaves out polysemous training, which takes most of the time and no search here uses.
    recipe = f"Pad{codes * _DIMENSIONS_PER_CODE},IVF{lists},PQ{codes}x{bits}np,RFlat"
    index = faiss.index_factory(dim, recipe, faiss.METRIC_INNER_PRODUCT)
    inner = faiss.downcast_index(faiss.extract_index_ivf(index.base_index))
    inner.cp.seed = inner.pq.cp.seed = seed
    # FAISS warns, on the screen, where few rows stand for a centroid.
    inner.cp.min_points_per_centroid = inner.pq.cp.min_points_per_centroid = 1
    return index


def load(folder: Path) -> Search:
    """Open the index.

    Raises:
        EnvironmentFault: FAISS is not installed.
    """
    return opened(folder, _parameters)


def _parameters(settings: Settings, k: int) -> Any:
    if settings["flat"]:
        return None
    faiss = library()
    return faiss.IndexRefineSearchParameters(
        k_factor=max(settings["reorder"] / k, 4.0),
        base_index_params=faiss.SearchParametersPreTransform(
            index_params=faiss.SearchParametersIVF(nprobe=settings["lists_to_search"])
        ),
    )
