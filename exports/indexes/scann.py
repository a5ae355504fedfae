"""The ScaNN index: a tree of partitions, anisotropic quantisation, exact reordering.

Guo et al., Accelerating Large-Scale Inference with Anisotropic Vector Quantization, ICML 2020; Sun
et al., SOAR: Improved Indexing for Approximate Nearest Neighbor Search, NeurIPS 2023.
"""

import math
import sys
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs.errors import ArtifactError, EnvironmentFault
from configs.section import Section
from exports.indexes import (
    Found,
    Positive,
    Search,
    partition_sizes,
    read_settings,
    reordered,
    write_settings,
)

_TRAINING_SAMPLE = 250_000
_DIMENSIONS_PER_BLOCK = 2
_DEFAULT_NEIGHBORS = 100
_SEARCHED, _SEARCHED_WITHOUT_SOAR = 20, 10
"""One of so many partitions is searched."""


class Options(Section):
    """Settings of ScaNN; sizes are chosen from the number of candidates when missing."""

    brute_force_below: Annotated[int, Field(ge=0)] = 50_000
    """Fewer candidates than this are scored one by one: 0.3 ms for 50,000 of width 64."""
    num_leaves: Positive | None = None
    """Partitions of the tree; the square root of the number of candidates when missing."""
    leaves_to_search: Positive | None = None
    """Partitions searched for each query; a twentieth of them, at least 10, when missing."""
    soar: Annotated[float, Field(gt=0)] | None = 1.5
    """Weight of a second partition for each candidate (lambda of SOAR): much more recall for the
    same partitions searched, an eighth more memory. Off when null."""
    reorder: Positive | None = None
    """Candidates scored again exactly, at least four times the `k` that is asked for; a
    five-hundredth of them, at least 400, when missing."""
    anisotropic_threshold: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Share of a vector's length below which errors along it cost less (T of the paper; 0.2 is
    usual). When missing errors in all directions count alike, which finds more of a top 100; it is
    the very first places that gain by a threshold."""


def build(options: Options, embeddings: NDArray[np.float32], folder: Path, seed: int) -> None:
    """Train the index on one thread, so that one seed gives one index, and write it."""
    binding = _binding()
    config = configuration(options, embeddings, seed)
    searcher = binding.create_searcher(np.ascontiguousarray(embeddings), config, 1)
    searcher.serialize(str(folder), relative_path=True)
    write_settings(folder, _settings(options, len(embeddings)))


def load(folder: Path) -> Search:
    """Open the index.

    Raises:
        ArtifactError: the folder holds pickled document ids, which are never loaded.
        EnvironmentFault: ScaNN cannot be imported on this machine.
    """
    if (folder / "scann_docids.pkl").exists():
        raise ArtifactError(f"{folder} holds scann_docids.pkl, a pickle: export the index again.")
    searcher = _binding().load_searcher(str(folder))
    settings = read_settings(folder)
    reorder, leaves = settings["reorder"], settings["leaves_to_search"]

    def search(queries: NDArray[np.float32], k: int) -> Found:
        rows = np.ascontiguousarray(queries)
        found, scores = searcher.search_batched(rows, k, max(reorder, 4 * k), leaves)
        # ScaNN fills places that it found no candidate for with position 0 and NaN.
        empty = np.isnan(scores)
        return np.where(empty, -1, found.astype(np.int64)), np.where(empty, -np.inf, scores)

    return search


@cache
def _binding() -> Any:
    """ScaNN's binding. Its package imports TensorFlow (seconds) for operations not used here."""
    hidden = "tensorflow" not in sys.modules
    if hidden:
        sys.modules["tensorflow"] = None  # type: ignore[assignment]
    try:
        from scann.scann_ops.py import scann_ops_pybind
    except ImportError as error:
        raise EnvironmentFault(
            f"ScaNN cannot be imported ({error}): it has wheels for Linux on x86-64 and ARM only. "
            "Set `export.index.type: exact`."
        ) from error
    finally:
        if hidden:
            del sys.modules["tensorflow"]
    return scann_ops_pybind


def configuration(options: Options, embeddings: NDArray[np.float32], seed: int) -> str:
    """ScaNN's configuration for these embeddings, a text protocol buffer."""
    builder = _binding().builder(embeddings, _DEFAULT_NEIGHBORS, "dot_product")
    if _one_by_one(options, len(embeddings)):
        return str(builder.score_brute_force().create_config())
    threshold = options.anisotropic_threshold
    builder = builder.tree(**_tree(options, len(embeddings))).score_ah(
        _DIMENSIONS_PER_BLOCK,
        anisotropic_quantization_threshold=math.nan if threshold is None else threshold,
        training_sample_size=_TRAINING_SAMPLE,
    )
    reorder = reordered(len(embeddings), options.reorder)
    text = str(builder.reorder(reorder).create_config())
    # The builder has no setting for its seeds; ScaNN's default start is not reproducible.
    text = text.replace("partitioning {", f"partitioning {{ clustering_seed: {seed}", 1)
    seeds = f"clustering_seed: {seed} sampling_seed: {seed}"
    return text.replace("asymmetric_hash {", f"asymmetric_hash {{ {seeds}", 1)


def _partitions(options: Options, count: int) -> tuple[int, int]:
    return partition_sizes(count, options.num_leaves, options.leaves_to_search, _SEARCHED)


def for_operations(options: Options, count: int) -> Options:
    """Settings that an index inside a SavedModel can have.

    ScaNN's operations refuse to restore an index that holds a candidate twice, so there is no
    SOAR; without it twice as many partitions are searched, when nothing else is said.
    """
    _, searched = partition_sizes(
        count, options.num_leaves, options.leaves_to_search, _SEARCHED_WITHOUT_SOAR
    )
    return options.model_copy(update={"soar": None, "leaves_to_search": searched})


def _one_by_one(options: Options, count: int) -> bool:
    return count < max(options.brute_force_below, 2)


def _settings(options: Options, count: int) -> dict[str, int | None]:
    """Those of the searches; no number of leaves where there is no tree."""
    _, searched = _partitions(options, count)
    leaves = None if _one_by_one(options, count) else searched
    return {"reorder": reordered(count, options.reorder), "leaves_to_search": leaves}


def _tree(options: Options, count: int) -> dict[str, Any]:
    leaves, searched = _partitions(options, count)
    return {
        "num_leaves": leaves,
        "num_leaves_to_search": searched,
        "training_sample_size": min(count, _TRAINING_SAMPLE),
        "random_init": False,
        "soar_lambda": options.soar,
    }
