"""Two windows of data compared as a whole."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import norm

from configs.drift import DriftConfig
from configs.errors import ConfigError, DataError
from trainers.retraining.drift.findings import gravest
from trainers.retraining.drift.measure import measure_drift

ROWS = 2000


def window(seed=0, rows=ROWS, **columns):
    """Rows that do not move, except for the given columns."""
    draw = np.random.default_rng(seed)
    table = {
        "request_id": [f"{seed}-{i}" for i in range(rows)],
        "item_id": draw.integers(0, 50, rows),
        "price": draw.normal(10, 2, rows),
        "device": draw.choice(["phone", "desk"], rows),
        "history": [list(range(n)) for n in draw.integers(0, 5, rows)],
        "clicked": draw.random(rows) < 0.2,
    }
    return pa.table(table | columns)


def measure(current, reference=None, vocabularies=None, **settings):
    reference = window(1) if reference is None else reference
    return measure_drift(reference, current, DriftConfig(**settings), vocabularies or {})


def column(report, name, part="values"):
    return next(one for one in report.columns if (one.column, one.part) == (name, part))


def rate(report, name, column):
    return next(one for one in report.rates if (one.name, one.column) == (name, column))


def moved(report):
    return [one.column for one in (*report.columns, *report.rates) if one.verdict != "ok"]


def refused(error, match, *arguments, **settings):
    with pytest.raises(error, match=match):
        measure(*arguments, **settings)


def test_windows_of_one_distribution_are_no_alarm():
    report = measure(window(2), label="clicked")
    assert (report.verdict, moved(report), report.rows) == ("ok", [], (ROWS, ROWS))


def test_all_columns_but_the_ignored_are_compared_and_lists_by_their_lengths_too():
    found = [(one.column, one.part) for one in measure(window(2)).columns]
    assert found == [
        ("item_id", "values"),
        ("price", "values"),
        ("device", "values"),
        ("history", "lengths"),
        ("history", "values"),
        ("clicked", "values"),
    ]


def test_watch_chooses_columns_and_their_order():
    report = measure(window(2), watch=("device", "price"))
    assert [one.column for one in report.columns] == ["device", "price"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("price", np.random.default_rng(3).normal(12, 2, ROWS)),
        ("device", np.random.default_rng(3).choice(["phone", "desk"], ROWS, p=[0.8, 0.2])),
        ("item_id", np.random.default_rng(3).integers(10, 60, ROWS)),
        ("history", [list(range(n)) for n in np.random.default_rng(3).integers(4, 9, ROWS)]),
    ],
)
def test_a_column_that_moved_is_an_alarm_and_no_other_is(name, values):
    report = measure(window(2, **{name: values}))
    assert set(moved(report)) == {name}
    assert report.verdict == "warn"


def test_a_column_may_stop_while_the_others_warn():
    values = np.random.default_rng(3).normal(12, 2, ROWS)
    report = measure(window(2, price=values), columns={"price": {"action": "stop"}})
    assert report.verdict == "stop"
    assert measure(window(2, price=values), action="stop").verdict == "stop"


def test_a_column_without_any_value_now_is_an_alarm_without_a_distance():
    report = measure(window(2, device=pa.nulls(ROWS, pa.string())))
    found = column(report, "device")
    assert (found.distance, found.verdict) == (None, "warn")
    assert rate(report, "missing", "device").current == 1


def test_a_column_that_never_has_a_value_is_no_alarm():
    none = pa.nulls(ROWS, pa.string())
    report = measure(window(2, device=none), window(1, device=none))
    assert (column(report, "device").distance, report.verdict) == (None, "ok")


def test_nan_counts_as_missing_and_does_not_move_the_distribution():
    holes = np.random.default_rng(4).random(ROWS) < 0.25
    report = measure(window(2, price=np.where(holes, np.nan, window(2)["price"].to_numpy())))
    assert moved(report) == ["price"]
    assert rate(report, "missing", "price").current == pytest.approx(holes.mean())
    assert column(report, "price").verdict == "ok"


def test_infinite_numbers_are_drift_even_where_they_always_were():
    values = np.where(np.arange(ROWS) % 10 == 0, np.inf, 1.0)
    # A tenth on each side that never matches: (0.1 + 0.1) / 2.
    report = measure(window(2, price=values), window(1, price=values))
    assert column(report, "price").distance == pytest.approx(0.1)


def test_values_outside_the_vocabulary_are_counted_before_and_now():
    known = {"item_id": {str(i) for i in range(50)}}
    new = np.where(np.arange(ROWS) < 200, 999, 0)
    found = rate(measure(window(2, item_id=new), vocabularies=known), "unknown", "item_id")
    assert (found.reference, found.current, found.verdict) == (0, 0.1, "warn")


def test_a_share_above_the_floor_must_exceed_chance_too():
    # 3 of 100 rows against none. 12 measures share 0.001, so z is 3.9, and chance allows
    # 3.9 sqrt(0.015 * 0.985 * 2 / 100) = 6.7%.
    few = window(1, rows=100)
    mask = np.arange(100) < 3
    current = window(2, rows=100, device=pa.array(few["device"].to_pylist(), mask=mask))
    found = rate(measure(current, few), "missing", "device")
    assert found.current == 0.03
    assert found.threshold == pytest.approx(0.07, abs=0.005)
    assert found.verdict == "ok"


def test_the_share_of_positive_labels_is_compared():
    label = np.arange(ROWS) % 2 == 0
    found = rate(measure(window(2, clicked=label), label="clicked"), "positive", "clicked")
    assert (found.current, found.verdict) == (0.5, "warn")


def test_labels_may_be_numbers():
    label = np.arange(ROWS) % 4
    reference = window(1, clicked=label)
    found = rate(
        measure(window(2, clicked=label), reference, label="clicked"), "positive", "clicked"
    )
    assert found.current == 0.25


def test_the_mean_length_of_lists_is_compared():
    found = rate(measure(window(2, history=[[1, 2, 3, 4]] * ROWS)), "mean length", "history")
    assert (found.current, found.verdict) == (4, "warn")


def test_more_measures_make_each_threshold_higher():
    alone = column(measure(window(2, rows=100), watch=("price",)), "price")
    among = column(measure(window(2, rows=100)), "price")
    assert among.threshold > alone.threshold > 0.02


def test_the_l_infinity_distance_may_be_chosen():
    report = measure(window(2), columns={"device": {"metric": "l_infinity", "threshold": 0.4}})
    found = column(report, "device")
    assert (found.metric, found.threshold) == ("l_infinity", 0.4)
    assert found.distance < 0.05


def test_a_metric_of_names_is_refused_for_numbers():
    own = {"price": {"metric": "l_infinity"}}
    refused(
        ConfigError, "`l_infinity` of the column `price` compares names", window(2), columns=own
    )


def test_a_missing_column_is_named_with_the_way_out():
    match = r"the current table has no column `price`.*or name it in `ignore`"
    refused(DataError, match, window(2).drop_columns("price"))
    refused(DataError, "Did you mean `device`", window(2), watch=("devise",))


def test_settings_for_a_column_that_is_not_there_are_refused():
    refused(ConfigError, "Did you mean `price`", window(2), columns={"prize": {"action": "stop"}})


@pytest.mark.parametrize(
    ("name", "values"), [("price", ["a"] * ROWS), ("history", [1] * ROWS)], ids=["text", "no list"]
)
def test_a_column_of_another_kind_is_refused(name, values):
    refused(DataError, f"the column `{name}` must hold", window(2, **{name: values}))


def test_a_watched_column_that_cannot_be_compared_is_refused():
    times = [datetime(2026, 1, 1, tzinfo=UTC)] * ROWS
    tables = window(2, seen=times), window(1, seen=times)
    refused(DataError, "`seen` must hold names, numbers", *tables, watch=("seen",))


def test_a_table_without_rows_is_refused():
    refused(DataError, "received 2000 and 0", window(2).slice(0, 0))


def test_a_label_that_is_no_column_is_refused():
    refused(DataError, "no column `bought`", window(2), label="bought")


def test_a_label_must_be_true_or_a_number():
    refused(DataError, "received `device` of string", window(2), label="device")


def test_unknown_values_of_lists_count_rows_for_their_threshold():
    lists = [["a", "b", "c", "d"], []] * (ROWS // 2)
    tables = window(2, history=lists), window(1, history=lists)
    found = rate(measure(*tables, vocabularies={"history": {"a", "b"}}), "unknown", "history")
    assert (found.current, found.rows) == (0.5, (ROWS // 2, ROWS // 2))


def test_missing_values_of_whole_users_move_by_chance():
    # 40 users of 50 rows: those of 4 have no device now, of none before. As rows 10% of 2000 are
    # far beyond chance; as users, 40 independent rows on either side, z sqrt(.05 * .95 * 2 / 40)
    # with a z of 3.3 or more is 16% and more.
    user = np.repeat(np.arange(40), 50)
    device = pa.array(window(2)["device"].to_pylist(), mask=user < 4)
    before, now = window(1, user_id=user), window(2, user_id=user, device=device)
    found = rate(measure(now, before), "missing", "device")
    assert (found.current, found.verdict) == (0.1, "ok")
    assert found.independent == pytest.approx((40, 40), rel=0.1)
    assert rate(measure(now, before, cluster=None), "missing", "device").verdict == "warn"


def daily(first, counts):
    """Rows by day, each at noon."""
    times = [
        datetime(2026, 1, first, 12, tzinfo=UTC) + timedelta(days=day)
        for day, count in enumerate(counts)
        for _ in range(count)
    ]
    return pa.table({"device": ["phone"] * len(times), "timestamp": times})


# 2026-01-05 is a Monday. Two weeks of 100 rows a day and 300 on Sundays.
BEFORE = daily(5, [100, 100, 100, 100, 100, 100, 300] * 2)


def days(counts, **settings):
    report = measure(daily(19, counts), BEFORE, date="timestamp", **settings)
    return {one.day: one for one in report.days}


def test_rows_are_compared_with_the_same_weekday():
    found = days([100, 100, 100, 100, 100, 100, 300])
    assert {one.verdict for one in found.values()} == {"ok"}
    assert found[date(2026, 1, 25)].expected == 300


def test_half_of_the_usual_rows_is_an_alarm_on_that_day_alone():
    found = days([100, 20, 100, 100, 100, 100, 100])
    alarms = [day for day, one in found.items() if one.verdict != "ok"]
    assert alarms == [date(2026, 1, 20), date(2026, 1, 25)]


def test_a_day_without_any_row_is_seen():
    found = days([100, 0, 100])
    assert (found[date(2026, 1, 20)].rows, found[date(2026, 1, 20)].verdict) == (0, "warn")


def test_a_small_shop_may_have_an_empty_day():
    # 1 row expected: chance allows it to be missing.
    before = daily(5, [1] * 14)
    report = measure(daily(19, [1, 0, 1]), before, date="timestamp")
    assert report.days[1].verdict == "ok"


def test_days_of_a_few_large_users_may_differ_more():
    # Users of 25 rows each: four of them make a day of 100, and chance is five times as large.
    alone = days([100, 100, 100, 100, 100, 100, 300])
    users = [
        f"{row // 25}"
        for daily_rows in [100, 100, 100, 100, 100, 100, 300]
        for row in range(daily_rows)
    ]
    before = BEFORE.append_column("user_id", pa.array(users * 2))
    now = daily(19, [100, 100, 100, 100, 100, 100, 300]).append_column("user_id", pa.array(users))
    report = measure_drift(before, now, DriftConfig(date="timestamp"))
    # The upper ends are 200 by the ratio and 100 + z sqrt(25 * 100 * 1.5), with z of the level.
    monday = report.days[0]
    z = norm.isf(0.001 / (2 * 14) / 1)
    assert alone[date(2026, 1, 19)].high == 200
    assert monday.high == pytest.approx(100 + z * np.sqrt(25 * 100 * 1.5), rel=0.02)


def test_a_weekday_that_the_reference_lacks_is_left_out():
    report = measure(daily(19, [9] * 7), daily(5, [9, 9]), date="timestamp")
    assert [one.day for one in report.days] == [date(2026, 1, 19), date(2026, 1, 20)]


@pytest.mark.parametrize("name", ["device", "nothing"])
def test_dates_must_be_a_column_of_times(name):
    refused(DataError, "`date` must name a column of times", BEFORE, BEFORE, date=name)


def test_the_gravest_verdict_counts():
    assert gravest({"ok", "stop", "warn"}) == "stop"
    assert gravest(["ok", "warn"]) == "warn"
    assert gravest(()) == "ok"


def kinds(share, rows=ROWS):
    """A column of views, of which a share of purchases."""
    number = round(share * rows)
    return ["buy"] * number + ["view"] * (rows - number)


def test_another_mix_of_events_stops_whatever_the_action():
    # From 10% to 90%: 1 - (H(.1) + H(.9)) / 2 = 1 - 0.469 = 0.53.
    report = measure(window(2, event_type=kinds(0.9)), window(1, event_type=kinds(0.1)))
    assert column(report, "event_type").distance == pytest.approx(0.531, abs=0.001)
    assert (column(report, "event_type").verdict, report.verdict) == ("stop", "stop")


def test_a_mix_that_moves_less_only_warns():
    report = measure(window(2, event_type=kinds(0.3)), window(1, event_type=kinds(0.1)))
    # H(.2) - (H(.1) + H(.3)) / 2 = 0.722 - 0.675 = 0.047.
    assert column(report, "event_type").distance == pytest.approx(0.047, abs=0.001)
    assert report.verdict == "warn"


def test_where_it_stops_can_be_declared_and_taken_away():
    given = window(2, event_type=kinds(0.9)), window(1, event_type=kinds(0.1))
    assert measure(*given, stop_at={}).verdict == "warn"
    assert measure(*given, stop_at={"event_type": 0.6}).verdict == "warn"
    assert measure(*given, stop_at={"device": 0.1}).verdict == "warn"


def test_drift_is_not_taken_for_alikeness_of_users():
    # A value that nobody had before and a tenth of the rows have now, by chance among the users.
    user = np.repeat(np.arange(40), 50)
    before, now = window(1, user_id=user), window(2, user_id=user)
    new = np.random.default_rng(8).random(ROWS) < 0.1
    moved_now = now.set_column(
        now.column_names.index("device"),
        "device",
        pa.array(np.where(new, "robot", np.array(now["device"].to_pylist()))),
    )
    found = column(measure(moved_now, before), "device")
    assert found.independent[1] > 0.8 * ROWS
    assert found.verdict == "warn"
