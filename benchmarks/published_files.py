"""Readers of the files in which published splits are given, as event tables of this project.

- `lightgcn`: `train.txt` and `test.txt`, a line a user: `user item item ...`.
- `sequence`: `sequence.txt` (SASRec's files), a line an event in time order: `user item`.
- `stratified`: `u.data` of MovieLens-100K, a line a rating: `user item rating timestamp`.

Validation events come from the training part: a fifth of it for a fifth of the users, at most
2,000, so that a model stopped by them has seen nearly all that the published ones have seen.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TRAIN, VALIDATION, TEST = "train", "validation", "test"
TEST_SHARE = 0.25
VALIDATION_SHARE = 0.2
VALIDATION_USERS = 2000


class FormatError(ValueError):
    """A file that is not in its format; names file, line and rule."""


Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Users [P] and items [P]."""


def read_adjacency(path: Path) -> Pairs:
    """Pairs of a LightGCN file; users without items have none."""
    users, items = [], []
    for user, row in _lines(path):
        users += [user] * len(row)
        items += row
    return np.array(users, np.int64), np.array(items, np.int64)


def _lines(path: Path) -> Iterator[tuple[int, list[int]]]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        fields = line.split()
        if fields:
            user, *items = _whole(path, number, fields)
            yield user, items


def read_sequence(path: Path) -> Pairs:
    """Pairs of a SASRec file, in its order."""
    rows = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        fields = line.split()
        if fields and len(fields) != 2:
            raise FormatError(f"{path}, line {number}: `user item` is wanted, found {line!r:.60}")
        rows += [_whole(path, number, fields)] if fields else []
    found = np.array(rows, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _whole(path: Path, number: int, fields: list[str]) -> list[int]:
    try:
        return [int(field) for field in fields]
    except ValueError as error:
        raise FormatError(f"{path}, line {number}: whole numbers are wanted: {error}") from error


def read_ratings(path: Path) -> Pairs:
    """Pairs of MovieLens-100K's `u.data`, or of a file with its columns and a header line."""
    lines = path.read_text("utf-8").splitlines()
    start = 0 if lines and lines[0].split()[0].isdigit() else 1
    rows = [_whole(path, n, line.split()[:2]) for n, line in enumerate(lines[start:], start + 1)]
    found = np.array(rows, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def lightgcn_events(folder: Path, seed: int) -> Any:
    """Events of `train.txt` and `test.txt`; the files tell no time, so all have the same."""
    train, test = read_adjacency(folder / "train.txt"), read_adjacency(folder / "test.txt")
    user, item = np.r_[train[0], test[0]], np.r_[train[1], test[1]]
    is_test = np.arange(len(user)) >= len(train[0])
    return _table(user, item, np.zeros_like(user), _held_out(user, is_test, seed))


def stratified_events(folder: Path, seed: int) -> Any:
    """Events of `u.data`: a random quarter of each user's ratings is the test part."""
    user, item = read_ratings(folder / "u.data")
    draw = np.random.default_rng(seed).random(len(user))
    is_test = rank_within(user, draw) < np.round(TEST_SHARE * _counts(user))
    return _table(user, item, np.zeros_like(user), _held_out(user, is_test, seed + 1))


def _held_out(user: NDArray[np.int64], is_test: NDArray[np.bool_], seed: int) -> Any:
    """Parts of the events; a fifth of the training events of some users is for validation."""
    random = np.random.default_rng(seed)
    asked = _drawn_users(user, random)
    draw = np.where(is_test, np.inf, random.random(len(user)))
    learned = np.bincount(user, ~is_test)[user]
    held = asked & ~is_test & (rank_within(user, draw) < VALIDATION_SHARE * learned)
    return np.where(is_test, TEST, np.where(held & (learned > 1), VALIDATION, TRAIN))


def sequence_events(folder: Path, seed: int) -> Any:  # noqa: ARG001 - nothing is drawn
    """Events of `sequence.txt`: the last of each user is test, the one before it validation."""
    user, item = read_sequence(folder / "sequence.txt")
    order = np.argsort(user, kind="stable")
    user, item = user[order], item[order]
    counts, place = _counts(user), np.arange(len(user))
    left = counts - 1 - rank_within(user, place)
    part = np.where(left == 0, TEST, np.where(left == 1, VALIDATION, TRAIN))
    return _table(user, item, place, np.where(counts < 3, TRAIN, part))


def _drawn_users(user: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.bool_]:
    """Which events are of the users that validate."""
    users = np.unique(user)
    number = min(VALIDATION_USERS, len(users) // 5)
    return np.isin(user, random.choice(users, number, replace=False))


def rank_within(user: NDArray[np.int64], value: NDArray[Any]) -> NDArray[np.int64]:
    """Place of each value among those of its user, from 0."""
    order = np.lexsort((value, user))
    ordered = user[order]
    ranks = np.empty(len(user), np.int64)
    ranks[order] = np.arange(len(user)) - np.searchsorted(ordered, ordered)
    return ranks


def _counts(user: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.bincount(user)[user]


def _table(
    user: NDArray[np.int64], item: NDArray[np.int64], second: NDArray[np.int64], part: Any
) -> Any:
    import pyarrow as pa

    columns = {"user_id": user, "item_id": item, "timestamp": second, "split": part}
    return pa.table({name: pa.array(column) for name, column in columns.items()})
