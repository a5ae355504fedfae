"""Simulated logits of a ranker that is too sure of itself, with labels drawn from the truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Logits:
    """Logits float32 [N], labels float64 [N] (0 or 1), weights float64 [N]."""

    logits: NDArray[np.float32]
    labels: NDArray[np.float64]
    weights: NDArray[np.float64]


def sigmoid(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-logits.astype(np.float64)))


def too_sure(size: int, seed: int, offset: float = 0.0) -> Logits:
    """The truth is `sigmoid(logit / 2 + offset)`; logits have one decimal, so many are equal."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 2.5, size).round(1).astype(np.float32)
    labels = generator.uniform(size=size) < sigmoid(logits / 2 + offset)
    return Logits(logits, labels.astype(float), generator.uniform(0.5, 2, size))
