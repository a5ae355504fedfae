"""Prepared datasets from arrays, for tests that need no source and no preparation."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from tfrs_models.data.dataset import FIRST_ROW, TRAIN, Events, PreparedDataset

Attributes = Mapping[str, Mapping[str, object]]
"""Attributes by id: `{"item-1": {"title": "a red hat"}}`."""


def make_dataset(
    folder: Path,
    user: ArrayLike,
    item: ArrayLike,
    time: ArrayLike | None = None,
    split: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    value: ArrayLike | None = None,
    items: Attributes | None = None,
    users: Attributes | None = None,
) -> PreparedDataset:
    """A dataset as `prepare` would leave it, files included (but for the report).

    Ids may be any scalars; each kind is numbered from row 2, those with a training positive first
    and in sorted order. Users and items without an event come in through `users` and `items`.

    Args:
        folder: where the files go.
        user, item: [E], ids.
        time: [E], seconds; the order of the events when missing.
        split: [E], TRAIN (when missing), VALIDATION or TEST.
        weight: [E], 1 when missing.
        value: [E], NaN when missing.
        items, users: attributes by id.
    """
    user, item = np.asarray(user).astype(str), np.asarray(item).astype(str)
    size = len(user)
    time = np.arange(size) if time is None else np.asarray(time)
    split = np.full(size, TRAIN) if split is None else np.asarray(split)
    weight = np.ones(size) if weight is None else np.asarray(weight)
    value = np.full(size, np.nan) if value is None else np.asarray(value)
    learned = (split == TRAIN) & (weight > 0)
    user_ids, known_users = _number(user, learned, users or {})
    item_ids, known_items = _number(item, learned, items or {})
    user_row, item_row = _rows(user, user_ids), _rows(item, item_ids)
    order = np.lexsort((item_row, time, user_row))
    events = Events(
        user=user_row[order],
        item=item_row[order],
        time=(time * 1_000_000).astype(np.int64)[order],
        weight=weight.astype(np.float32)[order],
        value=value.astype(np.float32)[order],
        type=np.zeros(size, np.int8),
        position=np.full(size, -1, np.int16),
        split=split.astype(np.int8)[order],
    )
    num_users = len(user_ids) + FIRST_ROW
    _write(folder, events, user_ids, known_users, users or {}, item_ids, known_items, items or {})
    return PreparedDataset(
        folder=folder,
        fingerprint="0" * 64,
        events=events,
        offsets=np.searchsorted(events.user, np.arange(num_users + 1)).astype(np.int64),
        num_users=num_users,
        num_items=len(item_ids) + FIRST_ROW,
        known_users=known_users + FIRST_ROW,
        known_items=known_items + FIRST_ROW,
        event_types=("event",),
        manifest={"events": size},
    )


def _number(
    ids: NDArray[np.str_], learned: NDArray[np.bool_], attributes: Attributes
) -> tuple[list[str], int]:
    known = sorted(set(ids[learned].tolist()))
    later = sorted((set(ids.tolist()) | set(attributes)) - set(known))
    return known + later, len(known)


def _rows(values: NDArray[np.str_], ids: Sequence[str]) -> NDArray[np.int32]:
    row = {name: index + FIRST_ROW for index, name in enumerate(ids)}
    return np.fromiter((row[value] for value in values.tolist()), np.int32, len(values))


def _write(
    folder: Path,
    events: Events,
    user_ids: list[str],
    known_users: int,
    users: Attributes,
    item_ids: list[str],
    known_items: int,
    items: Attributes,
) -> None:
    (folder / "columns").mkdir(parents=True, exist_ok=True)
    (folder / "vocabularies").mkdir(exist_ok=True)
    pq.write_table(_table("user_id", user_ids, users), folder / "users.parquet")
    pq.write_table(_table("item_id", item_ids, items), folder / "items.parquet")
    named = {
        "user_id": np.array(user_ids, object)[events.user - FIRST_ROW],
        "item_id": np.array(item_ids, object)[events.item - FIRST_ROW],
    }
    columns = {name: getattr(events, name) for name in Events.__dataclass_fields__}
    pq.write_table(pa.table(named | columns), folder / "events.parquet")
    for name, column in columns.items():
        np.save(folder / "columns" / f"{name}.npy", column)
    for name, known in (("user_id", user_ids[:known_users]), ("item_id", item_ids[:known_items])):
        text = "".join(f"{line}\n" for line in known)
        (folder / "vocabularies" / f"{name}.txt").write_text(text, encoding="utf-8")


def _table(key: str, ids: list[str], attributes: Attributes) -> pa.Table:
    columns = sorted({name for row in attributes.values() for name in row})
    data: dict[str, list[object]] = {key: list(ids)}
    for column in columns:
        data[column] = [attributes.get(name, {}).get(column) for name in ids]
    return pa.table(data)
