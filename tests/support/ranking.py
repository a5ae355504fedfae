"""A log over four stretches of time, and what the ranking stage makes of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from support.datasets import make_dataset
from support.training import make_material

from tfrs_models.data.dataset import TEST, TRAIN, VALIDATION, PreparedDataset
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.ranking_encoder import RankingEncoder
from trainers.ranking.requests import Requests, window_requests
from trainers.ranking.training import new_encoder
from trainers.ranking.windows import Window, ranking_windows
from trainers.retrieval import Material, new_two_tower

USERS, ITEMS, SECONDS = 12, 20, 1_000
"""Events lie at 0 to 999 seconds; validation from 700, test from 800."""


def log(folder: Path, seed: int = 0) -> PreparedDataset:
    """Every user has 40 events with items of their own half of the catalogue."""
    random = np.random.default_rng(seed)
    users = np.repeat(np.arange(USERS), 40)
    items = random.integers(0, ITEMS // 2, len(users)) + ITEMS // 2 * (users % 2)
    time = np.sort(random.choice(SECONDS, (USERS, 40)), axis=1).ravel()
    split = np.select([time < 700, time < 800], [TRAIN, VALIDATION], TEST)
    weight = random.integers(0, 2, len(users))
    value = random.integers(1, 6, len(users)).astype(float)
    return make_dataset(folder, users, items, time, split, weight, value)


def material(folder: Path, **ranking: Any) -> tuple[Material, FeatureEncoder]:
    """Lists of eight; seen items come back, so that the small catalogue does not run out."""
    sections = {
        "ranking": {"candidates": 8, "windows": 3, "retrieved_negatives": 3} | ranking,
        "evaluation": {"exclude_seen": False},
        "retrieval": {"embedding_dim": 4},
    }
    return make_material(log(folder / "data"), folder, **sections)


def requests_of(made: Material, windows: list[Window]) -> list[Requests]:
    """By an untrained retrieval."""
    model = new_two_tower(made)
    return [window_requests(model, w, made.config.ranking.candidates) for w in windows]


def examples(
    folder: Path, **ranking: Any
) -> tuple[Material, RankingEncoder, list[Window], list[Requests]]:
    """Everything that the ranker learns from."""
    made, encoder = material(folder, **ranking)
    windows = ranking_windows(made)
    return made, new_encoder(made, encoder), windows, requests_of(made, windows)


def moved(made: Material, event: int, microseconds: int) -> Material:
    """The same data with one event at another time."""
    events = made.dataset.events
    time = events.time.copy()
    time[event] = microseconds
    return replace(made, dataset=replace(made.dataset, events=replace(events, time=time)))
