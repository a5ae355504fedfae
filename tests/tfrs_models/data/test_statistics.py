"""What a log says of each item before a moment."""

import duckdb
import numpy as np
import pytest

from configs.errors import DataError
from tfrs_models.data.statistics import (
    SHARE_DAYS,
    STATISTICS,
    WINDOW_DAYS,
    check_statistics,
    item_statistics,
)
from tfrs_models.data.times import DAY

MOMENT = 1_000 * DAY


def statistics(*events: tuple[int, float], num_items: int = 6) -> dict[str, list[float]]:
    """Of events as (item, days before the moment), by name."""
    items = np.array([item for item, _ in events], np.int32)
    times = np.array([MOMENT - round(days * DAY) for _, days in events], np.int64)
    found = item_statistics(items, times, num_items, MOMENT)
    assert found.dtype == np.float32
    assert found.shape == (num_items, len(STATISTICS))
    return {name: found[:, place].tolist() for place, name in enumerate(STATISTICS)}


def test_counts_reach_back_to_the_edge_of_their_days() -> None:
    found = statistics((2, 0.5), (2, 1), (2, 1.001), (2, 30), (2, 90), (2, 91))
    counts = {name: values[2] for name, values in found.items() if name.startswith("events")}
    assert counts == {
        "events_1d": 2,
        "events_3d": 3,
        "events_7d": 3,
        "events_14d": 3,
        "events_30d": 4,
        "events_90d": 5,
        "events": 6,
    }


def test_a_share_is_one_of_all_events_of_the_days() -> None:
    found = statistics((2, 1), (2, 2), (3, 6), (4, 20))
    assert found["share_7d"] == pytest.approx([0, 0, 2 / 3, 1 / 3, 0, 0])
    assert found["share_30d"] == [0, 0, 0.5, 0.25, 0.25, 0]


def test_ages_are_days_since_the_first_and_the_latest_event() -> None:
    found = statistics((2, 3.5), (2, 200), (2, 7), (3, 0.25))
    assert found["age_days"] == [-1, -1, 200, 0.25, -1, -1]
    assert found["idle_days"] == [-1, -1, 3.5, 0.25, -1, -1]


def test_no_events_are_zeros_and_no_days() -> None:
    found = statistics()
    days = {"age_days", "idle_days"}
    assert all(values == [-1 if name in days else 0] * 6 for name, values in found.items())


def test_the_order_of_the_events_does_not_matter() -> None:
    events = [(2, 3.0), (3, 1.0), (2, 8.0), (4, 2.0)]
    assert statistics(*events) == statistics(*reversed(events))


def test_an_event_at_the_moment_is_no_event() -> None:
    """From one microsecond before it to the moment itself, the event takes all of itself along."""
    others = [(2, 5.0), (3, 2.0)]
    before, at = (statistics(*others, (2, days)) for days in (1 / DAY, 0.0))
    assert at == statistics(*others)
    assert before["events_1d"][2] - at["events_1d"][2] == 1
    assert (before["events"][2], before["share_7d"][3]) == (2, pytest.approx(1 / 3))
    assert before["idle_days"][2] == pytest.approx(1 / DAY)
    assert before["age_days"] == at["age_days"]


def test_what_happens_later_changes_nothing() -> None:
    events = [(2, 5.0), (3, 2.0)]
    assert statistics(*events, (2, -1 / DAY), (3, -3.0), (5, -400.0)) == statistics(*events)


def test_counts_are_those_of_sql() -> None:
    random = np.random.default_rng(0)
    size, num_items = 3_000, 40
    item = random.integers(0, num_items - 5, size).astype(np.int32)
    time = MOMENT + random.integers(-120 * DAY, 10 * DAY, size)
    found = item_statistics(item, time, num_items, MOMENT)
    known = f"time < {MOMENT}"
    counts = {d: f"count(*) FILTER ({known} AND time >= {MOMENT - d * DAY})" for d in WINDOW_DAYS}
    columns = [
        *counts.values(),
        f"count(*) FILTER ({known})",
        *(f"{counts[d]} / greatest(1, sum({counts[d]}) OVER ())" for d in SHARE_DAYS),
        f"coalesce(({MOMENT} - min(time) FILTER ({known})) / {DAY}, -1)",
        f"coalesce(({MOMENT} - max(time) FILTER ({known})) / {DAY}, -1)",
    ]
    with duckdb.connect() as connection:
        connection.register("events", {"item": item, "time": time})
        rows = connection.execute(
            f"SELECT item, {', '.join(columns)} FROM events GROUP BY item ORDER BY item"
        ).fetchnumpy()
    expected = np.stack([np.asarray(column, float) for column in list(rows.values())[1:]], axis=1)
    np.testing.assert_allclose(found[rows["item"]], expected, rtol=1e-6)
    assert (found[num_items - 5 :, STATISTICS.index("events")] == 0).all()


def test_statistics_that_are_finite_pass() -> None:
    check_statistics(item_statistics(np.array([2], np.int32), np.array([0]), 4, MOMENT))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_statistic_that_is_not_finite_is_named(value: float) -> None:
    broken = np.zeros((4, len(STATISTICS)), np.float32)
    broken[3, STATISTICS.index("age_days")] = value
    message = f"the statistic `age_days` of item row 3 is {value}: the ranker reads finite"
    with pytest.raises(DataError, match=message):
        check_statistics(broken)
