"""What a prepared dataset holds, in figures."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data import sql
from tfrs_models.data.assignment import CODES
from tfrs_models.data.dataset import FIRST_ROW, TRAIN, PreparedDataset
from tfrs_models.data.paths import literal

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)
BLOCK = 1 << 22


def describe(dataset: PreparedDataset) -> dict[str, Any]:
    """Figures of a dataset: rows, broken rows, parts of the split, new users and items, histories.

    `new_users` and `new_items` of a part are those without any training event. `history_lengths`
    are quantiles of the training events of the users who have some; `density` is the share of
    the pairs of a user and an item that have an event.
    """
    manifest = dataset.manifest
    users, items = _train_counts(dataset)
    histories = users[users > 0]
    return {
        "folder": str(dataset.folder),
        "fingerprint": dataset.fingerprint,
        "events": len(dataset.events),
        "users": dataset.num_users - FIRST_ROW,
        "items": dataset.num_items - FIRST_ROW,
        "known_users": dataset.known_users - FIRST_ROW,
        "known_items": dataset.known_items - FIRST_ROW,
        "density": _density(dataset),
        "window": {key: manifest["window"][key] for key in ("start", "end")},
        "split": manifest["split"],
        "parts": {
            part: counts | _new(dataset, CODES[part], users, items)
            for part, counts in manifest["counts"].items()
        },
        "event_types": _event_types(dataset),
        "history_lengths": {
            f"{q:g}": int(length)
            for q, length in zip(
                QUANTILES, np.quantile(histories, QUANTILES, method="inverted_cdf"), strict=True
            )
        },
        "report": json.loads((dataset.folder / "report.json").read_text(encoding="utf-8")),
    }


def _density(dataset: PreparedDataset) -> float:
    """Share of the pairs of a user and an item that have an event."""
    import duckdb

    with duckdb.connect() as connection:
        found = sql.value(
            connection,
            "SELECT count(*) FROM (SELECT DISTINCT user_row, item_row FROM read_parquet($path))",
            path=sql.text(literal(dataset.folder / "events.parquet")),
        )
    pairs = (dataset.num_users - FIRST_ROW) * (dataset.num_items - FIRST_ROW)
    return float(found / pairs)


def _train_counts(dataset: PreparedDataset) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Training events of each user row and each item row."""
    users = np.zeros(dataset.num_users, np.int64)
    items = np.zeros(dataset.num_items, np.int64)
    for start in range(0, len(dataset.events), BLOCK):
        block = slice(start, start + BLOCK)
        train = dataset.events.split[block] == TRAIN
        users += np.bincount(dataset.events.user[block][train], minlength=len(users))
        items += np.bincount(dataset.events.item[block][train], minlength=len(items))
    return users, items


def _new(
    dataset: PreparedDataset, code: int, users: NDArray[np.int64], items: NDArray[np.int64]
) -> dict[str, int]:
    """Users and items of a part that training has not seen."""
    seen_users = np.zeros(len(users), np.bool_)
    seen_items = np.zeros(len(items), np.bool_)
    for start in range(0, len(dataset.events), BLOCK):
        block = slice(start, start + BLOCK)
        part = dataset.events.split[block] == code
        seen_users[dataset.events.user[block][part]] = True
        seen_items[dataset.events.item[block][part]] = True
    return {
        "new_users": int(np.count_nonzero(seen_users & (users == 0))),
        "new_items": int(np.count_nonzero(seen_items & (items == 0))),
    }


def _event_types(dataset: PreparedDataset) -> dict[str, int]:
    counts = np.zeros(len(dataset.event_types), np.int64)
    for start in range(0, len(dataset.events), BLOCK):
        counts += np.bincount(
            dataset.events.type[start : start + BLOCK], minlength=len(dataset.event_types)
        )
    return dict(zip(dataset.event_types, counts.tolist(), strict=True))
