"""Small logs of events for the tests of retrieval's examples."""

from pathlib import Path

import numpy as np
from support.datasets import make_dataset

from tfrs_models.data.dataset import TEST, TRAIN, VALIDATION, PreparedDataset

# Sorted by (user, time, item). Items w to z are known, rows 2 to 5; `seen` is not learned.
# place 0 to 3 are ann's, 4 and 5 bob's, 6 cy's.
EVENTS = [
    ("ann", "x", 0, 1, TRAIN),
    ("ann", "y", 10, 1, TRAIN),
    ("ann", "z", 10, 1, TRAIN),
    ("ann", "w", 20, 1, TRAIN),
    ("bob", "x", 5, 1, TRAIN),
    ("bob", "seen", 15, 0, TRAIN),
    ("bob", "y", 25, 1, TRAIN),
    ("cy", "z", 3_600, 1, TRAIN),
    ("cy", "later", 7_200, 1, VALIDATION),
    ("cy", "latest", 9_000, 1, TEST),
]
W, X, Y, Z = 2, 3, 4, 5
ANN, BOB, CY = 2, 3, 4


def three_users(folder: Path) -> PreparedDataset:
    """`EVENTS`."""
    user, item, time, weight, split = zip(*EVENTS, strict=True)
    return make_dataset(folder, user, item, time, split, weight)


def many_events(folder: Path) -> PreparedDataset:
    """Three users with 12, 12 and 24 events over 8 items, many at the same moment."""
    random = np.random.default_rng(5)
    user = np.repeat(["ann", "bob", "cy"], [12, 12, 24])
    return make_dataset(
        folder, user, random.choice(list("abcdefgh"), 48), random.integers(0, 9, 48)
    )
