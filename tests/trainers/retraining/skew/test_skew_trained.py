"""What training reads for a request, on logs of a few events."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.datasets import make_dataset

from configs.errors import DataError
from tfrs_models.data.dataset import VALIDATION, PreparedDataset
from tfrs_models.features.spec import RawInput
from trainers.retraining.skew.inputs import RequestInputs
from trainers.retraining.skew.trained import trained_features


def column(name: str, table: Any = "context", dtype: Any = "string") -> RawInput:
    return RawInput(name, table, dtype, 0, None)


TIME = column("timestamp", dtype="int64")
HISTORY = column("history")


def with_requests(dataset: PreparedDataset, requests: list[str | None]) -> PreparedDataset:
    """The same dataset, whose events, in its own order, carry these requests."""
    path = dataset.folder / "events.parquet"
    pq.write_table(pq.read_table(path).append_column("request_id", pa.array(requests)), path)
    return dataset


def read(
    dataset: PreparedDataset, *requests: str, plain: tuple[RawInput, ...] = (), length: int = 5
) -> dict[str, Any]:
    inputs = RequestInputs(plain, (HISTORY,), length)
    return trained_features(dataset, inputs, pa.array(requests)).to_pydict()


def test_a_history_ends_strictly_before_the_first_event_of_the_request(tmp_path: Path):
    # Request r holds the events of seconds 20 and 30, and another event has its moment.
    made = make_dataset(tmp_path, [*"uuuuu"], [*"abcde"], [10, 20, 20, 30, 40])
    dataset = with_requests(made, ["q", None, "r", "r", "s"])
    found = read(dataset, "s", "r", "q", plain=(TIME,))
    assert dict(zip(found["request_id"], found["history"], strict=True)) == {
        "q": [], "r": ["a"], "s": ["a", "b", "c", "d"],
    }  # fmt: skip
    assert dict(zip(found["request_id"], found["timestamp"], strict=True)) == {
        "q": 10, "r": 20, "s": 40,
    }  # fmt: skip


def test_a_history_is_of_one_user_and_of_known_items_that_were_taken(tmp_path: Path):
    # b was only shown, and no training event knows d. Events lie in the order of users.
    made = make_dataset(tmp_path, [*"vuuuuu"], [*"aabcde"], [1, 10, 20, 30, 40, 50],
        split=[0, 0, 0, 0, VALIDATION, VALIDATION], weight=[1, 1, 0, 1, 1, 0],
    )  # fmt: skip
    dataset = with_requests(made, [None, None, None, None, "r", None])
    assert read(dataset, "r")["history"] == [["a", "c"]]
    assert read(dataset, "r", length=1)["history"] == [["c"]]


def test_columns_are_those_of_the_user_and_of_the_first_event(tmp_path: Path):
    users = {"u": {"country": "AT"}, "v": {"country": ""}}
    dataset = with_requests(make_dataset(tmp_path, [*"vu"], [*"ab"], users=users), ["q", "r"])
    found = read(dataset, "r", "q", plain=(column("user_id", "user"), column("country", "user")))
    # u lies before v. An empty text is a missing one.
    assert found["user_id"] == ["u", "v"]
    assert found["country"] == ["AT", None]
    assert found["request_id"] == ["q", "r"]


def test_requests_that_the_dataset_lacks_are_passed_over(tmp_path: Path):
    dataset = with_requests(make_dataset(tmp_path, [*"uv"], [*"ab"]), ["q", "r"])
    assert read(dataset, "z", "r")["request_id"] == ["r"]


def test_events_without_requests_are_refused_with_the_way_out(tmp_path: Path):
    dataset = make_dataset(tmp_path, [*"uv"], [*"ab"])
    with pytest.raises(DataError, match=r"the events have no column `request_id`.* and retrain"):
        read(dataset, "r")


def test_a_request_of_two_users_is_refused(tmp_path: Path):
    dataset = with_requests(make_dataset(tmp_path, [*"uv"], [*"ab"]), ["r", "r"])
    with pytest.raises(DataError, match="the `request_id` 'r' stands at events of several users"):
        read(dataset, "r")


def test_the_time_of_the_events_is_told_where_no_request_is_common(tmp_path: Path):
    dataset = with_requests(make_dataset(tmp_path, [*"uv"], [*"ab"], [0, 86_400]), ["q", "r"])
    message = "such as 'z'. Its events reach from 1970-01-01T00:00:00 to 1970-01-02T00:00:00"
    with pytest.raises(DataError, match=message):
        read(dataset, "z")
