"""The encoded tables of training equal what a loaded SavedModel makes of the same raw rows."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.features import CASES, COLUMNS, ODD_ROWS, TRAINING_ROWS, feed

from tfrs_models.backend import tf
from tfrs_models.durable import UNFINISHED
from tfrs_models.features.columns import read_arrow, to_numpy
from tfrs_models.features.encode import UNKNOWN_KEY, EncodedTables, encode_tables

TYPES = {
    "item_id": pa.string(),
    "word": pa.string(),
    "tags": pa.string(),
    "title": pa.string(),
    "number": pa.float64(),
    "time": pa.int64(),
    "embedding": pa.list_(pa.float32()),
}
ROWS = [*TRAINING_ROWS, *ODD_ROWS]
IDS = [f"i{i}" for i in range(len(TRAINING_ROWS))] + [f"later{i:02}" for i in range(len(ODD_ROWS))]


@pytest.fixture(scope="module")
def tables(world: Any) -> EncodedTables:
    return encode_tables(world.encoder, world.dataset, world.folder / "encoded")


def _request(world: Any, rows: Any) -> dict[str, Any]:
    raw = feed(world.folder / "spec", "item", rows)
    return {name: tf.constant(value) for name, value in raw.items()}


@pytest.mark.parametrize("name", ["item_id", *CASES])
def test_tables_equal_requests_in_one_batch(name: str, world: Any, tables: Any) -> None:
    rows = [{}, {"item_id": UNKNOWN_KEY}]
    rows += [{"item_id": key, **row} for key, row in zip(IDS, ROWS, strict=True)]
    served = world.served.item(_request(world, rows))[name].numpy()
    np.testing.assert_array_equal(tables.item[name], served, strict=True)


@pytest.mark.parametrize("row", range(len(IDS)))
def test_tables_equal_requests_one_by_one(row: int, world: Any, tables: Any) -> None:
    served = world.served.item(_request(world, [{"item_id": IDS[row], **ROWS[row]}]))
    for name, value in served.items():
        np.testing.assert_array_equal(tables.item[name][row + 2], value[0].numpy(), err_msg=name)


def test_item_ids_are_item_rows_and_later_items_are_unknown(world: Any, tables: Any) -> None:
    known = world.dataset.known_items
    expected = [*range(known)] + [1] * (world.dataset.num_items - known)
    assert tables.item["item_id"].ravel().tolist() == expected


def test_row_0_is_missing_and_row_1_is_unknown(tables: Any) -> None:
    assert tables.item["item_id"][:2].ravel().tolist() == [0, 1]
    for name in CASES:
        np.testing.assert_array_equal(tables.item[name][0], tables.item[name][1], err_msg=name)


def test_history_equals_the_item_rows_of_training(world: Any) -> None:
    # Later items have no id, so they are dropped; of the known ones the last three stay.
    events = [2, 7, 3, 4, 9, 5, 6]
    ids = ["", *(IDS[row - 2] for row in events), "", "no such item"]
    known = [row for row in events if row < world.dataset.known_items]
    assert known[-3:] == [4, 5, 6]
    raw = {
        "history": tf.constant([ids]),
        "history_type": tf.fill([1, len(ids)], "event"),
        "history_time": tf.range(len(ids), dtype=tf.int64)[tf.newaxis],
        "timestamp": tf.constant([100], tf.int64),
    }
    assert world.served.history(raw)["history"].numpy().tolist() == [[4, 5, 6]]


def test_request_without_a_column_is_refused(world: Any) -> None:
    with pytest.raises(Exception, match="title"):
        world.encoder.encode("item", {name: [] for name in COLUMNS if name != "title"})


def _parquet(folder: Path, rows: list[Mapping[str, Any]]) -> Path:
    columns = {name: pa.array([r.get(name) for r in rows], kind) for name, kind in TYPES.items()}
    pq.write_table(pa.table(columns), folder / "rows.parquet")
    return folder / "rows.parquet"


TEXT = st.one_of(
    st.none(),
    st.sampled_from(["red", "blue", "a", "a|b", " b |c||", "The Red Shoes", "\u00c9T\u00c9"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
NUMBER = st.one_of(st.none(), st.integers(-50, 50).map(float), st.floats())
TIME = st.one_of(st.none(), st.integers(-(2**40), 2**40), st.integers(-(2**63), 2**63 - 1))
VECTOR = st.one_of(
    st.none(), st.lists(st.floats(width=32), min_size=3, max_size=3), st.just([0.0, 3.0, 4.0])
)
ROW = st.fixed_dictionaries(
    {"item_id": TEXT, "word": TEXT, "tags": TEXT, "title": TEXT}
    | {"number": NUMBER, "time": TIME, "embedding": VECTOR}
)


@given(rows=st.lists(ROW, min_size=1, max_size=20))
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_raw_row_is_encoded_equally_both_ways(rows: Any, world: Any, tmp_path: Path) -> None:
    columns = [raw for raw in world.spec.raw_inputs if raw.table == "item"]
    [(_, arrays)] = read_arrow(_parquet(tmp_path, rows), columns, 100)
    raw = {c.name: tf.constant(to_numpy(arrays[c.name], c)) for c in columns}
    trained = world.compiled(raw)
    served = world.served.item(_request(world, rows))
    last = world.served.item(_request(world, rows[-1:]))
    for name, value in trained.items():
        output = world.spec.feature(name).output
        value = value.numpy()
        np.testing.assert_array_equal(value, served[name].numpy(), err_msg=name, strict=True)
        np.testing.assert_array_equal(value[-1:], last[name].numpy(), err_msg=name, strict=True)
        if output.kind == "ids":
            assert value.min() >= 0
            assert value.max() < output.num_ids
        else:
            assert np.isfinite(value).all()


def test_encoded_tables_are_read_again_for_the_same_spec(world: Any, tables: Any) -> None:
    path = world.folder / "encoded" / "item" / "standard.npy"
    before = path.stat().st_mtime_ns
    encode_tables(world.encoder, world.dataset, world.folder / "encoded")
    assert path.stat().st_mtime_ns == before


def test_encoded_tables_are_made_anew_for_another_dataset(world: Any, tmp_path: Path) -> None:
    encode_tables(world.encoder, world.dataset, tmp_path)
    before = (tmp_path / "user" / "user_id.npy").stat().st_ino
    other = dataclasses.replace(world.dataset, fingerprint="1" * 64)
    encode_tables(world.encoder, other, tmp_path)
    assert (tmp_path / "user" / "user_id.npy").stat().st_ino != before


def test_folder_left_by_a_killed_run_is_made_anew(world: Any, tmp_path: Path) -> None:
    (tmp_path / f"{UNFINISHED}item").mkdir()
    (tmp_path / "item").mkdir()
    (tmp_path / "item" / "word.npy").write_bytes(b"half")
    tables = encode_tables(world.encoder, world.dataset, tmp_path)
    assert len(tables.item["standard"]) == world.dataset.num_items
    assert sorted(p.name for p in tmp_path.iterdir()) == ["context", "item", "user"]


def test_table_of_another_length_is_refused(world: Any, tmp_path: Path) -> None:
    longer = dataclasses.replace(world.dataset, num_items=world.dataset.num_items + 1)
    with pytest.raises(Exception, match="rows, the dataset says"):
        encode_tables(world.encoder, longer, tmp_path)
