"""The data of the retrieval benchmarks: a split's published files, or simulated ones of its shape.

The simulated set has Gowalla's users, items and pairs, and a random fifth of each user's items is
its test part. Its users drew their items from lists that were shown to them, so recall on it says
nothing about Gowalla.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from published import write_events
from published_files import Pairs, rank_within

from tfrs_models.data.simulation.log import VIEW, Log
from tfrs_models.data.simulation.options import Options
from tfrs_models.data.simulation.stream import stream
from tfrs_models.data.simulation.world import build_world

USERS, ITEMS, PAIRS = 29_858, 40_981, 1_027_370
TEST_SHARE = 0.2
# A session leaves between one and two items that its user had not clicked before.
_PAIRS_A_SESSION = 1.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--data`, `--scale` and `--seed`."""
    parser.add_argument(
        "--data", type=Path, help="LightGCN's train.txt and test.txt; simulated without it"
    )
    parser.add_argument(
        "--scale", type=float, default=1.0, help="of the simulated users, items and pairs"
    )
    parser.add_argument("--seed", type=int, default=0)


def data_name(arguments: argparse.Namespace) -> str:
    """What the data are called in a report."""
    return arguments.data.name if arguments.data else f"simulated x {arguments.scale:g}"


def event_settings(arguments: argparse.Namespace, work: Path) -> list[str]:
    """Write the event table into `work`; the settings that name it."""
    folder = arguments.data or write_simulated(work, arguments.scale, arguments.seed)
    return write_events("lightgcn", folder, arguments.seed, work)


def write_simulated(folder: Path, scale: float, seed: int) -> Path:
    """Write `train.txt` and `test.txt` of a simulated world; returns their folder."""
    users, items, pairs = (round(number * scale) for number in (USERS, ITEMS, PAIRS))
    user, item = simulated_pairs(users, items, pairs, seed)
    draw = np.random.default_rng(seed).random(len(user))
    is_test = rank_within(user, draw) < np.round(TEST_SHARE * np.bincount(user)[user])
    write_adjacency(folder / "train.txt", (user[~is_test], item[~is_test]))
    write_adjacency(folder / "test.txt", (user[is_test], item[is_test]))
    return folder


def simulated_pairs(users: int, items: int, number: int, seed: int) -> Pairs:
    """At most `number` distinct pairs of a user and a clicked item, by user."""
    sessions = number / users / _PAIRS_A_SESSION
    options = Options(users=users, items=items, sessions_per_user=sessions, impressions="clicked")
    clicks = np.concatenate([_clicks(log, items) for log in stream(build_world(options, seed))])
    keys = np.unique(clicks)
    random = np.random.default_rng(seed)
    kept = np.sort(random.choice(keys, min(number, len(keys)), replace=False))
    return kept // items, kept % items


def _clicks(log: Log, items: int) -> NDArray[np.int64]:
    """User and item of each click as one number."""
    clicked = log.type == VIEW
    return log.user[clicked] * items + log.item[clicked]


def write_adjacency(path: Path, pairs: Pairs) -> None:
    """Write pairs as LightGCN does: a line a user, `user item item ...`.

    Args:
        path: the file.
        pairs: users, ascending, and items.
    """
    user, item = pairs
    names, first = np.unique(user, return_index=True)
    rows = np.split(item, first[1:])
    lines = (f"{u} {' '.join(map(str, row))}\n" for u, row in zip(names, rows, strict=True))
    path.write_text("".join(lines), "utf-8")
