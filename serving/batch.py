"""Recommendations for all users of a bundle at once, as a Parquet file.

Legend: B users of a block, K items that come back.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import ArtifactError, ConfigError
from configs.export import MAX_K
from exports.loader import Input, LoadedModel, load_model
from exports.manifest import verify
from exports.requests.asked import asked_rows
from exports.user_rows import user_rows
from serving.batch_retrieval import Retrieval, answers
from serving.tables import SEEN, UserTable, open_items, open_users
from tfrs_models.durable import new_file

_COUNT, _ITEM = "count", "item_id"


@dataclass(frozen=True)
class Batch:
    """What is asked for all users.

    Attributes:
        k: items for each user, 1 to 500.
        diversity: 0 to 1; see docs/exporting.md.
        rows: users of a block.
    """

    k: int
    diversity: float = 0.0
    rows: int = 128


def recommend_all(bundle: Path, batch: Batch, path: Path, threads: int = 0) -> int:
    """Write what the request model answers for each user of the bundle's user table.

    The file has a row for each user and item: `user_id`, `place` from 1, `item_id`, and the scores.
    What a user has seen stays out where the bundle says so. The file appears whole or not at all.

    Args:
        bundle: a bundle with a user table.
        batch: what is asked for.
        path: of the file.
        threads: threads inside one operation; 0 leaves the number to TensorFlow.

    Returns:
        The number of users.

    Raises:
        ArtifactError: the bundle is damaged, or has no user table.
        ConfigError: `k` or `diversity` is out of its range.
    """
    _check(batch)
    manifest = verify(bundle)
    users = _users(bundle)
    model = load_model(bundle, threads)
    _write(_blocks(model, users, batch, manifest.exclude_seen), path)
    model.close()
    return len(users.table)


def retrieve_all(bundle: Path, k: int, path: Path, threads: int = 0) -> int:
    """Write the nearest items of each user, by the index of the bundle and without ranking.

    As `recommend_all`, with `retrieval_score` alone.
    """
    _check(Batch(k))
    manifest = verify(bundle)
    users = _users(bundle)
    ids = open_items(bundle / "items.parquet").table.column(_ITEM).to_pylist()
    names = np.array([name.encode() for name in ids], object)
    retrieval = Retrieval.open(bundle, manifest, threads)
    found = retrieval.blocks(users.table, k)
    _write((_table(owners, answers(names, one)) for owners, one in found), path)
    retrieval.embed_query.close()
    return len(users.table)


def _users(bundle: Path) -> UserTable:
    users = open_users(bundle / "users.arrow")
    if users is None:
        raise ArtifactError(
            f"{bundle} has no user table: export it with `export.user_table: true`, or ask "
            "`serving.recommender` user by user."
        )
    return users


def _check(batch: Batch) -> None:
    if not 1 <= batch.k <= MAX_K:
        raise ConfigError(f"`k` must be from 1 to {MAX_K}, got {batch.k}.")
    if not 0 <= batch.diversity <= 1:
        raise ConfigError(f"`diversity` must be from 0 to 1, got {batch.diversity}.")


def _write(tables: Iterator[Any], path: Path) -> None:
    import pyarrow.parquet as pq

    first = next(tables)
    with new_file(path) as unfinished, pq.ParquetWriter(unfinished, first.schema) as file:
        file.write_table(first)
        for table in tables:
            file.write_table(table)


def _blocks(model: LoadedModel, users: UserTable, batch: Batch, seen: bool) -> Iterator[Any]:
    now = int(time.time())
    for start in range(0, len(users.table), batch.rows):
        block = users.table.slice(start, batch.rows)
        answer = model(_requests(model.inputs, block, batch, seen, now))
        yield _table(block.column("user_id").to_pylist(), answer)


def _requests(
    inputs: Mapping[str, Input], block: Any, batch: Batch, seen: bool, now: int
) -> dict[str, NDArray[Any]]:
    excluded = block.column(SEEN).to_pylist() if seen else [()] * len(block)
    asked = asked_rows(inputs, batch.k, excluded, batch.diversity)
    own = {name: one for name, one in inputs.items() if name not in asked}
    return user_rows(block, own, now) | asked


def _table(users: list[str], answer: Mapping[str, NDArray[Any]]) -> Any:
    import pyarrow as pa

    counts = answer[_COUNT]
    width = answer[_ITEM].shape[1]
    filled = np.arange(width) < counts[:, np.newaxis]
    owners, places = np.nonzero(filled)
    numbers = {n: v[filled] for n, v in sorted(answer.items()) if n not in (_COUNT, _ITEM)}
    columns = {
        "user_id": pa.array(np.array(users, object)[owners], pa.string()),
        "place": pa.array((places + 1).astype(np.int32)),
        _ITEM: pa.array(answer[_ITEM][filled]).cast(pa.string()),
        **{name: pa.array(values) for name, values in numbers.items()},
    }
    return pa.table(columns)
