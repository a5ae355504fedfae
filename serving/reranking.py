"""Re-rank the candidates of a request with the steps of the bundle."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from exports.indexes.exact import embeddings
from exports.manifest import Manifest
from serving.inputs import TIMESTAMP, Arrays
from serving.tables import ItemTable
from tfrs_models.reranking.catalogue import Catalogue, read_catalogue
from tfrs_models.reranking.chain import Chain, open_chain


@dataclass(frozen=True)
class Reranker:
    """The steps of a bundle, and what they read of its items.

    Attributes:
        chain: the steps; without any the order stays.
        catalogue: the items.
    """

    chain: Chain
    catalogue: Catalogue

    @classmethod
    def open(cls, manifest: Manifest, items: ItemTable, exact: Path) -> Self:
        """Read what the steps need.

        Args:
            manifest: names the steps.
            items: the item table.
            exact: folder of the exact index, whose embeddings are mapped where a step needs them.

        Raises:
            ConfigError: a step is a plug-in that is not installed here.
        """
        chain = open_chain(manifest.reranking)
        # The last number of an embedding is the item's prior, which says how popular it is.
        vectors = np.asarray(embeddings(exact))[:, :-1] if chain.needs.vectors else None
        catalogue = read_catalogue(items.table, chain.needs, manifest.separators, vectors)
        return cls(chain, catalogue)

    def order(
        self,
        positions: NDArray[np.int64],
        scores: NDArray[np.float32],
        history: NDArray[np.int64],
        now: float,
        k: int,
    ) -> NDArray[np.int64]:
        """The list: int64 [at most k], indices into the candidates, best first.

        Args:
            positions: int64 [N], candidates, best first.
            scores: float32 [N], falling.
            history: int64 [H], positions of the user's history, oldest first.
            now: time of the request, seconds since 1970 UTC.
            k: length of the list.

        Raises:
            DataError: a score is not finite: the ranking model diverged.
        """
        if not self.chain.steps:
            return np.arange(min(k, len(positions)))
        return self.chain.order(self.catalogue.candidates(positions, scores, history, now), k)


def request_time(arrays: Arrays) -> float:
    """The time that a request gives the query model, or the present: seconds since 1970 UTC."""
    given = int(arrays[TIMESTAMP][0]) if TIMESTAMP in arrays else -1
    return float(given) if given >= 0 else time.time()
