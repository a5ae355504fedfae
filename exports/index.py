"""Build, open and measure an index; the plug-ins in `exports.indexes` do the searching."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from configs import plugins
from configs.errors import ArtifactError, ConfigError
from configs.export import IndexConfig
from exports.checks import check_embeddings
from exports.children import Child, last_words, own_fault, run_module
from exports.indexes import Found, Search

_META = "index.json"


@dataclass(frozen=True)
class Index:
    """An opened index.

    Attributes:
        search_valid: the plug-in's search.
        size: number of candidates N.
        dim: width of the embeddings D.
    """

    search_valid: Search
    size: int
    dim: int

    def search(self, queries: NDArray[np.float32], k: int) -> Found:
        """The k best candidates of each query.

        Args:
            queries: float32 [B, D]; B may be 0.
            k: at least 1; past N the rows are padded.

        Returns:
            Positions int64 [B, k] and scores float32 [B, k], best first, padded with -1 and -inf.

        Raises:
            ConfigError: `k` is below 1.
            ArtifactError: queries of another width, or with NaN or infinity.
        """
        if k < 1:
            raise ConfigError(f"`k` must be at least 1, got {k}.")
        self._check(queries)
        positions = np.full((len(queries), k), -1, np.int64)
        scores = np.full((len(queries), k), -np.inf, np.float32)
        if len(queries):
            found, found_scores = self.search_valid(queries, min(k, self.size))
            positions[:, : found.shape[1]] = found
            scores[:, : found.shape[1]] = found_scores
        return positions, scores

    def _check(self, queries: NDArray[np.float32]) -> None:
        if queries.ndim != 2 or queries.shape[1] != self.dim or queries.dtype != np.float32:
            raise ArtifactError(
                f"`queries` must be float32 [B, {self.dim}] for this index, got {queries.dtype} "
                f"{list(queries.shape)}. Use the query model of the same bundle."
            )
        bad = np.flatnonzero(~np.isfinite(queries).all(axis=1))
        if bad.size:
            raise ArtifactError(
                f"`queries` must be finite, but row {bad[0]} holds NaN or infinity. Check the "
                "features of that request; if they are sound, the query model diverged."
            )


def build_index(
    config: IndexConfig,
    embeddings: NDArray[np.float32],
    ids: Sequence[str],
    folder: Path,
    seed: int,
) -> None:
    """Build an index in a child process, so that an abort in C++ cannot end this one.

    Args:
        config: type and options of the index.
        embeddings: float32 [N, D].
        ids: the N candidate ids, for the checks only; a search answers with positions.
        folder: empty or missing; holds the index afterwards.
        seed: of every random choice.

    Raises:
        ArtifactError: bad embeddings or ids, or a build that failed, with its cause.
        EnvironmentFault: the library of the index is not installed.
    """
    check_embeddings(embeddings, ids)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=folder.parent) as work:
        source = Path(work, "embeddings.npy")
        np.save(source, embeddings, allow_pickle=False)
        job = {"type": config.type, "options": dict(config.options), "seed": seed}
        _run_child(json.dumps(job | {"embeddings": str(source), "folder": str(folder)}))
    meta = {"type": config.type, "size": len(embeddings), "dim": embeddings.shape[1]}
    (folder / _META).write_text(json.dumps(meta) + "\n")


def _run_child(job: str) -> None:
    child = run_module("exports.build_index", job)
    if child.returncode:
        raise own_fault(child) or _died(child)


def _died(child: Child) -> ArtifactError:
    return ArtifactError(
        f"building the index failed: the child process ended with code {child.returncode} "
        "(below 0: a signal). Nothing that was published changed. Its last words:\n"
        f"{last_words(child)}\nUse `export.index.type: exact` to export without it."
    )


def open_index(folder: Path) -> Index:
    """Open an index that `build_index` wrote.

    Raises:
        ArtifactError: no index lies there.
    """
    try:
        meta = json.loads((folder / _META).read_text())
    except FileNotFoundError as error:
        raise ArtifactError(f"no index lies in {folder}: export the bundle again.") from error
    return Index(plugins.load("index", meta["type"]).load(folder), meta["size"], meta["dim"])


def measure_recall(index: Index, exact: Index, queries: NDArray[np.float32], k: int = 100) -> float:
    """Mean share of the exact top k that the index finds too.

    Args:
        index: the index to measure.
        exact: the exact index of the same candidates.
        queries: float32 [Q, D], real queries, Q > 0.
        k: length of the lists; at most N counts.

    Raises:
        ArtifactError: there is no query.
    """
    if not len(queries):
        raise ArtifactError(
            "`queries` must hold at least one real query to measure the index, got none. Choose a "
            "`data.split` whose test events have users."
        )
    k = min(k, exact.size)
    truth, _ = exact.search(queries, k)
    found, _ = index.search(queries, k)
    hits = [np.isin(a, b).sum() for a, b in zip(truth, found, strict=True)]
    return float(np.sum(hits) / truth.size)
