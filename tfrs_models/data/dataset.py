"""The prepared dataset: what every later step reads.

Rows. Users and items are numbered by *row*. Row 0 is missing (padding), row 1 is unknown (out of
vocabulary), real ones start at 2. Rows below `known_users` / `known_items` have enough training
events and stand in the vocabulary, so their row is also their id encoding and their embedding row.
Rows from there on belong to users and items that appear only later (or too rarely): they have
features but no id of their own.

Events are sorted by (user, time, item); those of user u are `offsets[u]:offsets[u + 1]`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MISSING_ROW = 0
UNKNOWN_ROW = 1
FIRST_ROW = 2

TRAIN, VALIDATION, TEST = 0, 1, 2


@dataclass(frozen=True)
class Events:
    """Columns of the valid events, each of length E, sorted by (user, time, item).

    Attributes:
        user: int32 [E], rows of the users table.
        item: int32 [E], rows of the items table.
        time: int64 [E], microseconds since 1970-01-01 UTC.
        weight: float32 [E]; above 0 is a positive, 0 is seen or shown but not liked.
        value: float32 [E], rating or other value; NaN when missing.
        type: int8 [E], index into `PreparedDataset.event_types`.
        position: int16 [E], position at which the item was shown, from 0; -1 when missing.
        split: int8 [E]: TRAIN, VALIDATION or TEST.
    """

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    time: NDArray[np.int64]
    weight: NDArray[np.float32]
    value: NDArray[np.float32]
    type: NDArray[np.int8]
    position: NDArray[np.int16]
    split: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.user)

    @property
    def learned(self) -> NDArray[np.bool_]:
        """Which are positive training events, from which models and baselines learn: [E]."""
        learned: NDArray[np.bool_] = (self.split == TRAIN) & (self.weight > 0)
        return learned


@dataclass(frozen=True)
class PreparedDataset:
    """Validated, integer-encoded, split events with their users and items, memory-mapped.

    Attributes:
        folder: holds `manifest.json`, `report.json`, `quarantine.parquet`, `users.parquet`,
            `items.parquet`, `events.parquet` (all columns, in the order of `events`; users and
            items as `user_row` and `item_row`),
            `vocabularies/user_id.txt`, `vocabularies/item_id.txt` (known ids, one a line; line i
            is row i + 2) and `columns/*.npy`. Row r of users.parquet and items.parquet is user or
            item row r + 2.
        fingerprint: SHA-256 of the data settings and of the source's content.
        events: the columns.
        offsets: int64 [num_users + 1], first event of each user row.
        num_users: rows of users, the two reserved ones included.
        num_items: rows of items (the catalogue), the two reserved ones included.
        known_users: users below this row are in the vocabulary.
        known_items: items below this row are in the vocabulary.
        event_types: names, in the order of the codes in `events.type`.
        manifest: counts, the data window and the split's cuts, as written to `manifest.json`.
    """

    folder: Path
    fingerprint: str
    events: Events
    offsets: NDArray[np.int64]
    num_users: int
    num_items: int
    known_users: int
    known_items: int
    event_types: tuple[str, ...]
    manifest: Mapping[str, Any]


def learn_validation(dataset: PreparedDataset) -> PreparedDataset:
    """The same dataset with its validation events among the training events.

    Vocabularies stay: an item that validation was the first to see has no id of its own.
    """
    split = np.where(dataset.events.split == VALIDATION, np.int8(TRAIN), dataset.events.split)
    return replace(dataset, events=replace(dataset.events, split=split))
