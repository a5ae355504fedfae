"""Every split plug-in through the same facts, then the facts of each."""

import collections

import duckdb
import pyarrow as pa
import pytest

from configs import plugins
from configs.errors import DataError
from tfrs_models.data import times
from tfrs_models.data.dataset import TEST, TRAIN, VALIDATION

SPLITS = plugins.names("split")
DAY = times.DAY


def make_events(connection: duckdb.DuckDBPyConnection, rows: list[tuple]) -> None:
    """Rows of (user, item, time, weight), and a column `split` for the split `given`."""
    columns = pa.table(dict(zip("uitw", map(list, zip(*rows, strict=True)), strict=True)))
    connection.register("rows", columns)
    connection.execute("CREATE TABLE log AS FROM rows")
    connection.execute("""
        CREATE OR REPLACE VIEW events AS
        SELECT u AS user_id, i AS item_id, 'view' AS event_type, t AS event_time,
               w AS event_weight, rowid AS event_ordinal,
               ['train', 'train', 'Valid', 'TEST'][rowid % 4 + 1] AS split FROM log""")


def assign(
    connection: duckdb.DuckDBPyConnection, kind: str, seed: int = 0, **options: object
) -> list[int]:
    """Codes in the order of the rows."""
    parsed = plugins.parse_options("split", kind, options)
    found = plugins.load("split", kind).assign(parsed, connection, "events", seed)
    rows = connection.execute(
        f"SELECT {found.code} FROM {found.relation} ORDER BY event_ordinal"
    ).fetchall()
    return [code for (code,) in rows]


@pytest.fixture
def many(connection):
    """20 users with 30 events each, a day apart, all of them positives."""
    make_events(
        connection,
        [
            (f"u{u}", f"i{(u + d) % 9}", (d + 1) * DAY + u, 1.0)
            for d in range(30)
            for u in range(20)
        ],
    )
    return connection


@pytest.mark.parametrize("kind", SPLITS)
def test_every_event_has_exactly_one_part(many, kind):
    codes = assign(many, kind)
    assert len(codes) == 600
    assert set(codes) == {TRAIN, VALIDATION, TEST}


@pytest.mark.parametrize("kind", SPLITS)
def test_the_same_seed_gives_the_same_parts(many, kind):
    assert assign(many, kind, seed=3) == assign(many, kind, seed=3)


@pytest.mark.parametrize("kind", SPLITS)
def test_train_is_the_largest_part(many, kind):
    assert collections.Counter(assign(many, kind)).most_common(1)[0][0] == TRAIN


@pytest.mark.parametrize("kind", SPLITS)
def test_unknown_options_are_refused(kind):
    with pytest.raises(ValueError, match="shuffle"):
        plugins.parse_options("split", kind, {"shuffle": True})


@pytest.mark.parametrize("kind", ["leave_last_out", "per_user_ratio"])
def test_parts_follow_each_other_within_a_user(many, kind):
    codes = assign(many, kind)
    for user in range(20):
        own = codes[user::20]
        assert own == sorted(own)


def test_global_temporal_keeps_time_order_over_all_users(many):
    codes = assign(many, "global_temporal")
    assert codes == sorted(codes)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # 600 events; the last tenth is test, a tenth of the other 540 is validation.
        ({}, (486, 54, 60)),
        ({"test_share": 0.5, "validation_share": 0.5}, (150, 150, 300)),
        # The window of d days before the last event (day 30 and 19 us) has d events a user.
        ({"test_days": 3, "validation_days": 2}, (500, 40, 60)),
        ({"test_start": "1970-01-30", "validation_start": "1970-01-21T00:00:00"}, (380, 180, 40)),
        ({"test_start": "1970-01-30T02:00:00+02:00"}, (504, 56, 40)),
    ],
)
def test_global_temporal_cuts_where_it_is_told(many, options, expected):
    counts = collections.Counter(assign(many, "global_temporal", **options))
    found = tuple(counts[code] for code in (TRAIN, VALIDATION, TEST))
    assert found == expected


def test_events_of_one_moment_are_not_torn_apart(connection):
    make_events(connection, [(f"u{n}", "i", DAY * (n // 10), 1.0) for n in range(40)])
    codes = assign(connection, "global_temporal", test_share=0.2, validation_share=0.3)
    assert all(len(set(codes[start : start + 10])) == 1 for start in range(0, 40, 10))


def test_two_ways_to_cut_are_refused():
    with pytest.raises(ValueError, match="`test_days` and `test_share`: keep one"):
        plugins.parse_options("split", "global_temporal", {"test_days": 1, "test_share": 0.1})


def test_a_validation_window_after_the_test_window_is_refused(many):
    with pytest.raises(DataError, match="must start before the test window"):
        assign(many, "global_temporal", test_start="1970-01-10", validation_start="1970-01-20")


def test_a_test_window_before_all_events_is_refused(many):
    with pytest.raises(DataError, match=r"no events lie before .*1969-12-31"):
        assign(many, "global_temporal", test_start="1969-12-31T00:00:00")


def test_leave_last_out_takes_the_last_two_positives(connection):
    make_events(connection, [("u", f"i{n}", n, 1.0) for n in range(5)])
    assert assign(connection, "leave_last_out") == [TRAIN] * 3 + [VALIDATION, TEST]


def test_leave_last_out_breaks_ties_by_item(connection):
    make_events(connection, [("u", item, 7, 1.0) for item in "cabd"])
    # In the order a, b, c, d: c is validation and d is test.
    assert assign(connection, "leave_last_out") == [VALIDATION, TRAIN, TRAIN, TEST]


def test_leave_last_out_counts_positives_alone(connection):
    weights = [1, 1, 0, 1, 0, 1, 0]
    make_events(connection, [("u", f"i{n}", n, w) for n, w in enumerate(weights)])
    # Positives at 0, 1, 3, 5: from 3 on nothing is train, from 5 on all is test.
    expected = [TRAIN, TRAIN, TRAIN, VALIDATION, VALIDATION, TEST, TEST]
    assert assign(connection, "leave_last_out") == expected


def test_leave_last_out_leaves_short_users_in_train(connection):
    make_events(connection, [("u", f"i{n}", n, 1.0) for n in range(2)])
    assert assign(connection, "leave_last_out") == [TRAIN, TRAIN]


@pytest.mark.parametrize(
    ("events", "expected"),
    [(10, [TRAIN] * 8 + [VALIDATION, TEST]), (9, [TRAIN] * 9), (1, [TRAIN])],
)
def test_per_user_ratio_rounds_down(connection, events, expected):
    make_events(connection, [("u", f"i{n}", n, 1.0) for n in range(events)])
    assert assign(connection, "per_user_ratio") == expected


def test_per_user_ratio_is_not_fooled_by_binary_fractions(connection):
    make_events(connection, [("u", f"i{n}", n, 1.0) for n in range(100)])
    codes = assign(connection, "per_user_ratio", test_share=0.29, validation_share=0)
    assert codes.count(TEST) == 29


@pytest.mark.parametrize("kind", ["per_user_ratio", "random"])
def test_shares_that_leave_no_train_are_refused(kind):
    with pytest.raises(ValueError, match="must leave something to train on"):
        plugins.parse_options("split", kind, {"validation_share": 0.5, "test_share": 0.5})


def test_random_meets_its_shares(many):
    counts = collections.Counter(assign(many, "random", test_share=0.3, validation_share=0.1))
    # 600 draws: four standard deviations are 45 for test and 30 for validation.
    assert abs(counts[TEST] - 180) < 45
    assert abs(counts[VALIDATION] - 60) < 30


def test_random_follows_the_seed(many):
    assert assign(many, "random", seed=1) != assign(many, "random", seed=2)


def test_random_keeps_the_part_of_an_event_when_others_go(many):
    before = assign(many, "random")
    many.execute("DELETE FROM log WHERE u = 'u0'")
    assert assign(many, "random") == [code for n, code in enumerate(before) if n % 20]


def test_given_reads_the_names_of_the_parts(many):
    assert assign(many, "given")[:4] == [TRAIN, TRAIN, VALIDATION, TEST]


def test_given_names_the_values_that_it_does_not_know(connection):
    connection.execute("CREATE TABLE events AS SELECT 'tset' AS split FROM range(3)")
    with pytest.raises(DataError, match=r"holds 'tset' \(3 events\): each value must be one of"):
        assign(connection, "given")


def test_given_without_a_column_tells_both_ways_out(connection):
    connection.execute("CREATE TABLE events AS SELECT 1 AS x")
    with pytest.raises(DataError, match=r"needs a column `split`.*separate files"):
        assign(connection, "given")


@pytest.mark.parametrize(
    "split",
    [
        {"type": "leave_last_out", "options": {"min_positives": 1000}},
        {"type": "global_temporal", "options": {"test_start": "2100-01-01"}},
        {"type": "global_temporal", "options": {"validation_start": "1971-01-01"}},
    ],
)
def test_a_split_that_leaves_a_part_empty_stops_the_run(prepare_lines, log, split):
    with pytest.raises(DataError, match=r"leaves no (train|test) events .*move its cuts"):
        prepare_lines(log, split=split)


def test_separate_files_give_the_parts(prepare_lines, log, tmp_path):
    header = "user_id,item_id,timestamp"
    for part, lines in {"train": log[:30], "test": log[30:]}.items():
        (tmp_path / f"{part}.csv").write_text("\n".join([header, *lines]))
    given = {part: str(tmp_path / f"{part}.csv") for part in ("train", "test")}
    dataset = prepare_lines(log, files={"events": given}, split={"type": "given"})
    assert [int((dataset.events.split == code).sum()) for code in (TRAIN, VALIDATION, TEST)] == [
        30,
        0,
        20,
    ]
