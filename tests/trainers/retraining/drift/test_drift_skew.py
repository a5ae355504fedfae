"""Training features against those that were served."""

import numpy as np
import pyarrow as pa
import pytest

from configs.drift import DriftConfig
from configs.errors import DataError
from trainers.retraining.drift.skew import differing, measure_skew

NAN = float("nan")


def features(keys, **columns):
    rows = len(keys)
    base = {"device": ["phone"] * rows, "price": [1.5] * rows, "history": [[1, 2]] * rows}
    return pa.table({"request_id": keys} | base | columns)


def skew(training, logged, **settings):
    return measure_skew(training, logged, settings=DriftConfig(**settings))


def differ(left, right, left_type=None, right_type=None):
    columns = (
        pa.chunked_array([pa.array(*one)]) for one in ((left, left_type), (right, right_type))
    )
    return differing(*columns).tolist()


def test_rows_are_joined_by_the_key_in_any_order():
    training = features(["a", "b", "c"], price=[1.0, 2.0, 3.0])
    logged = features(["d", "c", "a"], price=[9.0, 3.0, 1.0])
    report = skew(training, logged)
    assert (report.rows, report.joined) == ((3, 3), 2)
    assert [one.differing for one in report.mismatches] == [0, 0, 0]
    assert report.verdict == "ok"


def test_the_share_of_requests_that_differ_is_judged_by_feature():
    keys = [str(i) for i in range(1000)]
    logged = features(keys, device=["desk", "desk"] + ["phone"] * 998, price=[9.0] + [1.5] * 999)
    found = {one.column: one for one in skew(features(keys), logged).mismatches}
    # 0.1% may differ.
    assert (found["device"].share, found["device"].verdict) == (0.002, "warn")
    assert (found["price"].share, found["price"].verdict) == (0.001, "ok")


def test_a_feature_may_have_a_limit_and_an_action_of_its_own():
    keys = [str(i) for i in range(1000)]
    logged = features(keys, price=[9.0] + [1.5] * 999)
    own = {"price": {"max_mismatch": 0, "action": "stop"}}
    assert skew(features(keys), logged, columns=own).verdict == "stop"


def test_distributions_are_compared_over_the_joined_requests():
    keys = [str(i) for i in range(200)]
    logged = features([*keys, *"xyz"], device=["desk"] * 203)
    found = next(one for one in skew(features(keys), logged).columns if one.column == "device")
    assert (found.distance, found.verdict, found.rows) == (1.0, "warn", (200, 200))


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (["a", None, None, "b"], ["a", None, "b", None], [False, False, True, True]),
        ([1.0, NAN, NAN, None], [1.0, NAN, 2.0, NAN], [False, False, True, True]),
        ([1, 2], [1.0, 2.5], [False, True]),
        ([7, 8], ["7", "9"], [False, True]),
        ([True, False], [True, True], [False, True]),
        ([[1, 2], [], None, [3]], [[1, 2], None, None, [4]], [False, True, False, True]),
        ([[1, 2], [5]], [[2, 1], [5, 5]], [True, True]),
        ([["a", None]], [["a", None]], [False]),
        ([[1.0, NAN]], [[1.0, NAN]], [False]),
    ],
)
def test_values_differ_unless_they_are_alike(left, right, expected):
    assert differ(left, right) == expected


def test_floats_are_compared_in_the_narrower_type():
    # 0.1 as float32 is 0.10000000149, which is no difference of the feature.
    assert differ([0.1], [0.1], pa.float64(), pa.float32()) == [False]
    assert differ([0.1], [0.1], pa.float32(), pa.float64()) == [False]
    half = np.array([0.1, 0.5], np.float16)
    assert differ(half, [0.1, 0.6], pa.float16(), pa.float32()) == [False, True]
    assert differ([0.1], [0.1001], pa.float32(), pa.float64()) == [True]


def test_vectors_of_one_size_are_compared_number_by_number():
    kind = pa.list_(pa.float32(), 2)
    assert differ([[1, 2], [3, 4], None], [[1, 2], [3, 5], None], kind, kind) == [
        False,
        True,
        False,
    ]


def test_encoded_names_are_compared_by_their_text():
    left = pa.chunked_array([pa.array(["a", "b"]).dictionary_encode()])
    right = pa.chunked_array([pa.array(["a", "c"])])
    assert differing(left, right).tolist() == [False, True]
    assert differing(right, left).tolist() == [False, True]


@pytest.mark.parametrize("keys", [["a", "a"], ["a", None]], ids=["twice", "null"])
def test_a_key_stands_once(keys):
    with pytest.raises(DataError, match="each `request_id` must stand once in the logged table"):
        skew(features(["a", "b"]), features(pa.array(keys, pa.string())))


def test_tables_without_a_common_key_are_refused():
    with pytest.raises(DataError, match="no `request_id` is in both tables, such as 'a' and 'b'"):
        skew(features(["a"]), features(["b"]))


def test_a_missing_key_is_named():
    with pytest.raises(DataError, match="the training table has no column `session`"):
        measure_skew(features(["a"]), features(["a"]), key="session")


def test_another_key_is_no_feature():
    table = features(["a", "b"], session=["x", "y"])
    report = measure_skew(table, table, key="session")
    assert [one.column for one in report.mismatches] == ["device", "price", "history"]


def test_chunked_tables_join_like_whole_ones():
    keys = [str(i) for i in range(50)]
    whole = features(keys, price=np.arange(50.0))
    parts = pa.concat_tables([whole.slice(25), whole.slice(0, 25)])
    assert [one.differing for one in skew(whole, parts).mismatches] == [0, 0, 0]
