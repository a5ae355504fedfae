"""A tiny shop in days: what ann and bob did on days 10 to 13, and later."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from support.datasets import make_dataset

from tfrs_models.data.dataset import TRAIN, VALIDATION, PreparedDataset
from tfrs_models.data.times import DAY
from tfrs_models.labels._touched import Touched, touched

VIEW, CART, BUY = 0, 1, 2
NAN = np.nan
SECONDS = 86_400
LATER = 3

# User, item, day, weight, value, type, split; sorted by user and time.
EVENTS = [
    ("ann", "a", 3, 1, 5.0, BUY, TRAIN),
    ("ann", "a", 10, 0, 2.0, VIEW, VALIDATION),
    ("ann", "b", 10, 0, NAN, VIEW, VALIDATION),
    ("ann", "a", 11, 1, 4.0, CART, VALIDATION),
    ("ann", "a", 12, 0, 3.0, VIEW, VALIDATION),
    ("ann", "c", 30, 1, 1.0, BUY, LATER),
    ("bob", "b", 13, 1, NAN, BUY, VALIDATION),
]
END = 20 * DAY
# Pairs by user and item: (ann, a), (ann, b), (bob, b).


@pytest.fixture
def dataset(tmp_path: Path) -> PreparedDataset:
    user, item, day, weight, value, kind, split = zip(*EVENTS, strict=True)
    found = make_dataset(tmp_path, user, item, SECONDS * np.array(day), split, weight, value)
    kinds = np.array(kind, np.int8)
    return replace(
        found,
        events=replace(found.events, type=kinds),
        event_types=("view", "cart", "buy"),
    )


@pytest.fixture
def pairs(dataset: PreparedDataset) -> Touched:
    return touched(dataset, np.flatnonzero(dataset.events.split == VALIDATION), END)


@pytest.fixture
def add_column(dataset: PreparedDataset):
    """Adds a column to the events' file."""

    def add(name: str, values: object) -> None:
        path = dataset.folder / "events.parquet"
        pq.write_table(pq.read_table(path).append_column(name, values), path)

    return add
