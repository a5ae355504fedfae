"""Encoded rows in memory, and seeded batches of them inside the compiled loop.

Legend: N rows, B of a batch, M ids of a feature, W width of a dense one, T tasks.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tfrs_models.backend import tf
from tfrs_models.features.encode import Encoded
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.spec import FeatureSpec
from trainers.passes import passes


@dataclass(frozen=True)
class Rows:
    """Features side by side, so that a batch costs one gather of ids and one of numbers.

    Attributes:
        spec: the features and crosses.
        ids: int32 [N, sum of M], features first, then crosses.
        dense: float32 [N, sum of W].
    """

    spec: FeatureSpec
    ids: NDArray[np.int32]
    dense: NDArray[np.float32]

    @classmethod
    def of(cls, spec: FeatureSpec, encoded: Encoded) -> Self:
        """Encoded features, by name, with their crosses."""
        crosses = FeatureEncoder(spec).encode_crosses(dict(encoded))
        every = {**encoded, **{name: one.numpy() for name, one in crosses.items()}}
        size = len(next(iter(encoded.values())))
        ids, dense = (
            np.concatenate([every[n] for n in names], axis=1) if names else np.zeros((size, 0), d)
            for names, d in ((_names(spec, "ids"), np.int32), (_names(spec, "dense"), np.float32))
        )
        return cls(spec, ids, dense)

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[np.intp]) -> Self:
        """Some rows."""
        return type(self)(self.spec, self.ids[rows], self.dense[rows])

    def reader(self) -> Any:
        """A function of graph operations from rows int64 [B] to `query` and `candidates`.

        All features are of the request: there are no candidates but the crosses.
        """
        held = {"ids": tf.constant(self.ids), "dense": tf.constant(self.dense)}
        crosses = [cross.name for cross in self.spec.crosses]

        def read(rows: Any) -> tuple[dict[str, Any], dict[str, Any]]:
            found = {}
            for kind, columns in held.items():
                widths = _widths(self.spec, kind)
                if widths:
                    parts = tf.split(tf.gather(columns, rows), list(widths.values()), axis=1)
                    found |= dict(zip(widths, parts, strict=True))
            return found, {name: found.pop(name) for name in crosses}

        return read


def _names(spec: FeatureSpec, kind: str) -> list[str]:
    return list(_widths(spec, kind))


def _widths(spec: FeatureSpec, kind: str) -> dict[str, int]:
    every = (*spec.features, *spec.crosses)
    return {one.name: one.output.width for one in every if one.output.kind == kind}


class RowBatches:
    """Visits every row once an epoch in a seeded order; each is a list of one candidate.

    Args:
        rows: the inputs.
        labels: float32 [N, T].
        batch_size: B, at most.
        seed: of order and dropout.
    """

    def __init__(self, rows: Rows, labels: NDArray[np.float32], batch_size: int, seed: int) -> None:
        self._passes = passes(len(rows), batch_size, 1, seed)
        self._seed = seed
        self._read = rows.reader()
        self._labels = tf.constant(labels)
        self.steps_per_epoch = self._passes.steps_per_epoch
        self.variables: Sequence[Any] = []

    def data(self, step: int) -> tuple[dict[str, Any], int]:  # noqa: ARG002 - see `loop.Batches`
        """Nothing but what is held here, at every step."""
        return {}, sys.maxsize

    def batch(self, step: Any, data: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """The batch of a step: see `WideDeep.compute_loss`."""
        rows = self._passes.places(step)
        query, candidates = self._read(rows)
        ones = tf.ones([self._passes.batch_size, 1])
        return {
            "query": query,
            "candidates": candidates,
            "labels": tf.gather(self._labels, rows)[:, tf.newaxis],
            "usable": ones > 0,
            "stands_for": ones,
            "positives": ones[:, 0],
            "seed": tf.stack([tf.constant(self._seed, tf.int32), tf.cast(step, tf.int32)]) * 1024,
        }
