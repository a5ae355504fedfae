"""What the log's own knowledge adds to the drift of its columns."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.ledgers import shard

from configs.drift import DriftConfig
from configs.run import RunConfig
from trainers.retraining import drifted
from trainers.retraining.drift.findings import DriftReport
from trainers.retraining.drift.measure import measure_drift
from trainers.retraining.drifted import FILLED, measured_drift, with_filled
from trainers.retraining.intake.layout import rows_path
from trainers.retraining.ledger.shards import Shard

Types = Callable[..., dict[str, int]]
KINDS = ["impression", "view", "purchase"]


def window(rows: int = 30_000) -> pa.Table:
    """A third of each type; impressions and views have a position, purchases a value."""
    kind = np.arange(rows) % 3
    position = pa.array((kind * 2).astype(np.int16), mask=kind == 2)
    value = pa.array(kind.astype(np.float32), mask=kind != 2)
    columns = {"event_type": [KINDS[k] for k in kind], "position": position, "value": value}
    return pa.table(columns)


def shuffled(events: pa.Table, name: str) -> pa.Table:
    order = np.random.default_rng(0).permutation(len(events))
    place = events.column_names.index(name)
    return events.set_column(place, name, events[name].take(order))


def put(log: Path, number: int, rows: int = 300, start: int = 0, **columns: Any) -> Shard:
    """A shard of the log, one event a second from `start` on; `columns` may replace any."""
    times = (start + np.arange(rows)) * 1_000_000
    first, last = (int(times[0]), int(times[-1])) if rows else (None, None)
    made = shard(number, accepted=rows, first_us=first, last_us=last)
    table = {
        "user_id": [f"u{n}" for n in range(rows)],
        "timestamp": pa.array(times, pa.timestamp("us")),
        "event_type": ["view"] * rows,
        "shard_sequence": pa.array([number] * rows, pa.int32()),
    }
    pq.write_table(pa.table({**table, **columns}), rows_path(log, made.stem))
    return made


def measured(log: Path, learned: list[Shard], new: list[Shard]) -> DriftReport:
    report = measured_drift(log, learned, new, RunConfig())
    assert report is not None
    return report


def test_each_event_says_what_it_has() -> None:
    found = with_filled(window(3))[FILLED].to_pylist()
    assert found == ["impression position", "view position", "purchase value"]


def test_a_log_without_positions_is_fine() -> None:
    found = with_filled(window(3).drop_columns(["position"]))[FILLED].to_pylist()
    assert found == ["impression", "view", "purchase value"]


def test_shuffled_types_stop_though_every_column_is_as_it_was() -> None:
    now = shuffled(window(), "event_type")
    assert measure_drift(window(), now, DriftConfig()).verdict == "ok"
    report = measure_drift(with_filled(window()), with_filled(now), DriftConfig())
    (found,) = (one for one in report.columns if one.column == FILLED)
    # The three old values had a third each and have 2/9, 2/9 and 1/9 now; three new ones have 1/9,
    # 1/9 and 2/9. With m their means, (KL(p, m) + KL(q, m)) / 2 is 0.2803 bits.
    assert found.distance == pytest.approx(0.2803, abs=0.01)
    assert report.verdict == "stop"


def test_the_same_events_in_another_order_are_no_drift() -> None:
    order = np.random.default_rng(0).permutation(30_000)
    report = measure_drift(with_filled(window()), with_filled(window().take(order)), DriftConfig())
    assert report.verdict == "ok"


MOMENT = datetime(2025, 1, 1)
MIXTURES: dict[str, tuple[Any, Any, Any, Any]] = {
    "integers and decimals": (pa.int64(), 1, pa.decimal128(10, 2), Decimal("1.50")),
    "decimals and doubles": (pa.decimal128(10, 2), Decimal("1.50"), pa.float64(), 1.5),
    "signed and unsigned": (pa.int64(), -1, pa.uint64(), 2**64 - 1),
    "with and without a zone": (pa.timestamp("us", "UTC"), MOMENT, pa.timestamp("us"), MOMENT),
    "of two precisions": (pa.timestamp("us"), MOMENT, pa.timestamp("ns"), MOMENT),
    "lists of numbers and of text": (pa.list_(pa.int64()), [1], pa.list_(pa.string()), ["a"]),
    "structs of other fields": (
        pa.struct({"a": pa.int64()}),
        {"a": 1},
        pa.struct({"b": pa.string()}),
        {"b": "x"},
    ),
}


@pytest.mark.parametrize("learned", [[0], [1], [0, 1]])
@pytest.mark.parametrize("mixture", MIXTURES)
def test_a_column_of_several_types_is_compared_as_one(
    tmp_path: Path, mixture: str, learned: list[int]
) -> None:
    first, one, second, other = MIXTURES[mixture]
    kinds = (pa.array([one] * 300, first), pa.array([other] * 300, second))
    before = [put(tmp_path, n + 1, free=kinds[kind]) for n, kind in enumerate(learned)]
    report = measured(tmp_path, before, [put(tmp_path, 9, free=kinds[1 - learned[-1]])])
    assert report.rows == (300 * len(learned), 300)


def test_a_column_that_new_files_leave_empty_is_missing_in_them(tmp_path: Path) -> None:
    learned = [put(tmp_path, 1, coupon=["c"] * 300)]
    report = measured(tmp_path, learned, [put(tmp_path, 2)])
    (found,) = (one for one in report.rates if one.column == "coupon")
    assert (found.reference, found.current) == (0.0, 1.0)


def test_a_column_that_only_new_files_have_is_not_looked_at(tmp_path: Path) -> None:
    report = measured(tmp_path, [put(tmp_path, 1)], [put(tmp_path, 2, coupon=["c"] * 300)])
    assert "coupon" not in {one.column for one in (*report.columns, *report.rates)}


def test_without_rows_on_one_side_there_is_nothing_to_measure(tmp_path: Path) -> None:
    full, empty = put(tmp_path, 1), put(tmp_path, 2, rows=0)
    for learned, new in permutations([[full], [empty]], 2):
        assert measured_drift(tmp_path, learned, new, RunConfig()) is None


@pytest.fixture
def at_most_200(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drifted, "_ROWS", 200)


@pytest.fixture
def learned_types(at_most_200: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Types:
    """What types the events have that stand for those learned, beside one event after all."""
    monkeypatch.setattr(drifted, "measure_drift", lambda reference, *_: reference)

    def found(*learned: Shard) -> dict[str, int]:
        table = measured_drift(tmp_path, learned, [put(tmp_path, 9, 1, 9_999)], RunConfig())
        assert isinstance(table, pa.Table)
        return dict(Counter(table["event_type"].to_pylist()))

    return found


@pytest.mark.usefixtures("at_most_200")
def test_turned_labels_in_the_last_half_of_a_large_night_stop_the_run(tmp_path: Path) -> None:
    learned = [put(tmp_path, 1, 200)]
    night = put(tmp_path, 2, 400, 200, event_type=["view"] * 200 + ["purchase"] * 200)
    report = measured(tmp_path, learned, [night])
    assert (report.rows, report.verdict) == ((200, 200), "stop")
    (found,) = (one for one in report.columns if one.column == "event_type")
    assert found.distance == pytest.approx(1.0)


def test_an_older_shard_fills_up_with_its_newest_events(
    tmp_path: Path, learned_types: Types
) -> None:
    older = put(tmp_path, 1, 300, event_type=["view"] * 200 + ["cart"] * 100)
    newer = put(tmp_path, 2, 150, 300, event_type=["purchase"] * 150)
    assert learned_types(older, newer) == {"purchase": 150, "cart": 50}


def test_the_newest_events_are_those_of_the_latest_times_not_of_the_last_files(
    tmp_path: Path, learned_types: Types
) -> None:
    # Times 1,250 to 1,299 have 50 views. The other 150 events are those of 75 times before them,
    # each of which has a view and a cart. The last file is of an old day.
    views = put(tmp_path, 1, 300, 1_000)
    carts = put(tmp_path, 2, 100, 1_150, event_type=["cart"] * 100)
    old = put(tmp_path, 3, 300, 0, event_type=["purchase"] * 300)
    assert learned_types(views, carts, old) == {"view": 125, "cart": 75}


def test_of_events_of_one_time_those_that_came_last_are_taken(
    tmp_path: Path, learned_types: Types
) -> None:
    day = {
        "event_type": ["view"] * 150 + ["cart"] * 150,
        "timestamp": pa.array([0] * 300, pa.timestamp("us")),
    }
    assert learned_types(put(tmp_path, 1, **day), put(tmp_path, 2, **day)) == {
        "cart": 150,
        "view": 50,
    }
