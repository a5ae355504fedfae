from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tfrs_models.data.simulation import population
from tfrs_models.data.simulation.files import write_truth, write_world
from tfrs_models.data.simulation.options import Options
from tfrs_models.data.simulation.world import build_world

OPTIONS = Options(users=300, items=200, days=4, sessions_per_user=3)


def _write(folder: Path, seed: int = 1, chunk: int = 2048, **changes: object) -> dict[str, bytes]:
    world = build_world(OPTIONS.model_copy(update=changes), seed)
    write_world(world, folder, chunk)
    write_truth(world, folder, chunk)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_seed_gives_the_same_bytes_whatever_the_chunks(tmp_path: Path) -> None:
    once = _write(tmp_path / "once")
    again = _write(tmp_path / "again", chunk=17)
    assert once == again
    assert list(once) == [
        "events.parquet", "item_vectors.npy", "items.parquet", "truth.parquet",
        "user_vectors.npy", "users.parquet",
    ]  # fmt: skip


def test_another_seed_gives_another_world(tmp_path: Path) -> None:
    once, other = _write(tmp_path / "a"), _write(tmp_path / "b", seed=2)
    assert all(once[name] != other[name] for name in once)


def test_clicked_leaves_out_exactly_the_impressions(tmp_path: Path) -> None:
    _write(tmp_path / "all")
    _write(tmp_path / "clicked", impressions="clicked")
    every = pq.read_table(tmp_path / "all/events.parquet").to_pylist()
    clicked = pq.read_table(tmp_path / "clicked/events.parquet").to_pylist()
    assert clicked == [row for row in every if row["event_type"] != "impression"]


def test_the_truth_has_one_row_for_each_shown_slot(tmp_path: Path) -> None:
    _write(tmp_path)
    events = pq.read_table(tmp_path / "events.parquet").to_pylist()
    truth = pq.read_table(tmp_path / "truth.parquet").to_pylist()
    shown = {
        (row["request_id"], row["position"], row["item_id"], row["event_type"] == "view")
        for row in events
        if row["event_type"] in ("impression", "view")
    }
    assert {(r["request_id"], r["position"], r["item_id"], r["clicked"]) for r in truth} == shown
    assert len(truth) == len(shown)


def test_events_have_the_columns_of_the_contract(tmp_path: Path) -> None:
    _write(tmp_path)
    table = pq.read_table(tmp_path / "events.parquet")
    assert {field.name: str(field.type) for field in table.schema} == {
        "user_id": "string", "item_id": "string", "timestamp": "timestamp[us]",
        "event_type": "string", "value": "float", "request_id": "string", "position": "int16",
        "device": "string",
    }  # fmt: skip
    bought = np.array(table["event_type"].to_pylist()) == "purchase"
    assert np.array_equal(table["value"].is_valid().to_numpy(), bought)


def test_items_and_users_are_complete(tmp_path: Path) -> None:
    _write(tmp_path)
    items = pq.read_table(tmp_path / "items.parquet")
    users = pq.read_table(tmp_path / "users.parquet")
    assert items["item_id"].to_pylist() == [f"i{n}" for n in range(200)]
    assert users["user_id"].to_pylist() == [f"u{n}" for n in range(300)]
    assert sum(column.null_count for table in (items, users) for column in table.columns) == 0


def test_vectors_are_those_of_the_world_when_it_opens(tmp_path: Path) -> None:
    _write(tmp_path)
    world = build_world(OPTIONS, seed=1)
    assert np.array_equal(np.load(tmp_path / "item_vectors.npy"), world.catalogue.vector)
    opening = population.taste(world, np.arange(300), np.full(300, world.window[0]))
    assert np.array_equal(np.load(tmp_path / "user_vectors.npy"), opening)


def test_ratings_are_whole_stars_of_purchases(tmp_path: Path) -> None:
    _write(tmp_path, value="rating")
    value = pq.read_table(tmp_path / "events.parquet")["value"].drop_null().to_pylist()
    assert set(value) == {1.0, 2.0, 3.0, 4.0, 5.0}


@pytest.mark.parametrize("changes", [{"new_items": 1.0, "days": 1}, {"sessions_per_user": 1e-9}])
def test_a_world_in_which_nothing_happens_has_empty_files(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    _write(tmp_path, **changes)
    assert pq.read_table(tmp_path / "events.parquet").num_rows == 0
    assert pq.read_table(tmp_path / "users.parquet").num_rows == 300
