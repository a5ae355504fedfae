"""What happens after the cut changes nothing that is learned."""

import datetime
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from support.training import WORLD, assert_same_numbers, checkpoint, tiny_config

from configs.run import RunConfig
from tfrs_models.data.simulation.files import write_world
from tfrs_models.data.simulation.options import Options
from tfrs_models.data.simulation.world import build_world
from trainers.folders import read_done
from trainers.run import Trained, train

Row = Mapping[str, Any]
TEST_DAYS = 5


def make_config(folder: Path) -> RunConfig:
    loop = {"training": {"epochs": 1}}
    names = ("events", "items", "users")
    return tiny_config(
        data={
            "source": "files",
            "files": {name: str(folder / f"{name}.parquet") for name in names},
            "split": {"options": {"test_days": TEST_DAYS, "validation_days": 5}},
        },
        retrieval=loop,
        ranking=loop,
    )


def learn(folder: Path) -> Trained:
    return train(make_config(folder), folder, folder / "run", Console(quiet=True))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Trained]:
    folder = tmp_path_factory.mktemp("original")
    write_world(build_world(Options.model_validate(WORLD), 1), folder)
    return folder, learn(folder)


def changed(folder: Path, target: Path, change: Callable[[Row], Row]) -> Path:
    """The same files with the first positive event of the test window changed."""
    for name in ("items", "users"):
        (target / f"{name}.parquet").write_bytes((folder / f"{name}.parquet").read_bytes())
    events = pq.read_table(folder / "events.parquet")
    rows = events.to_pylist()
    last = max(row["timestamp"] for row in rows)
    cut = last - datetime.timedelta(days=TEST_DAYS)
    later = (i for i, row in enumerate(rows) if row["timestamp"] > cut)
    place = next(i for i in later if rows[i]["event_type"] != "impression")
    rows[place] = change(rows[place])
    pq.write_table(pa.Table.from_pylist(rows, events.schema), target / "events.parquet")
    return target


CHANGES: Mapping[str, Callable[[Row], Row]] = {
    "a minute later": lambda row: row | {"timestamp": row["timestamp"] + datetime.timedelta(0, 60)},
    "another item": lambda row: row | {"item_id": "i00000001"},
    "an item nobody knows": lambda row: row | {"item_id": "brand new"},
    "a user nobody knows": lambda row: row | {"user_id": "somebody"},
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_test_event_changes_nothing_that_is_learned(original, tmp_path, name):
    folder, expected = original
    found = learn(changed(folder, tmp_path, CHANGES[name]))
    assert found.material.dataset.fingerprint != expected.material.dataset.fingerprint
    assert found.material.spec.fingerprint == expected.material.spec.fingerprint
    for file in ("user_id.txt", "item_id.txt"):
        one, other = (t.material.dataset.folder / "vocabularies" / file for t in (found, expected))
        assert one.read_bytes() == other.read_bytes()
    known = expected.material.dataset.known_items
    for column, table in expected.material.encoded.item.items():
        np.testing.assert_array_equal(found.material.encoded.item[column][:known], table[:known])
    for part in ("retrieval/latest", "ranking/windows/0/best", "ranking/model/best"):
        one, other = (place / "run" / part for place in (tmp_path, folder))
        assert_same_numbers(checkpoint(one), checkpoint(other))
    assert (
        read_done(tmp_path / "run/ranking")["calibrators"]
        == (read_done(folder / "run/ranking")["calibrators"])
    )
