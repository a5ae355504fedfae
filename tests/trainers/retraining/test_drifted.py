"""What the log's own knowledge adds to the drift of its columns."""

import numpy as np
import pyarrow as pa
import pytest

from configs.drift import DriftConfig
from trainers.retraining.drift.measure import measure_drift
from trainers.retraining.drifted import FILLED, with_filled

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
