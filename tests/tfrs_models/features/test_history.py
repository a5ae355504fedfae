"""Types of events and gaps of time, and the encoding of training against that of requests."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.datasets import make_dataset

from configs.features import FeaturesConfig
from tfrs_models.backend import tf
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.fit import fit_features
from tfrs_models.features.history import NUM_GAPS, HistorySpec, gap_ids, type_ids
from tfrs_models.features.spec import FeatureSpec

TYPES = ("view", "cart")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> FeatureEncoder:
    folder = tmp_path_factory.mktemp("history")
    dataset = replace(make_dataset(folder / "d", ["u"] * 3, list("abc")), event_types=TYPES)
    history = {"max_length": 3, "event_types": True, "time_gaps": True}
    config = FeaturesConfig.model_validate({"history": history})
    return FeatureEncoder(fit_features(config, dataset, folder / "s"))


def encode(encoder: FeatureEncoder, *events: tuple[str, str, int], now: int = 1_000) -> Any:
    """Lists of ids, types and gaps of one history."""
    items, types, times = zip(*events, strict=True) if events else ((), (), ())
    raw = {
        "history": tf.constant([items], tf.string, (1, len(items))),
        "history_type": tf.constant([types], tf.string, (1, len(items))),
        "history_time": tf.constant([times], tf.int64, (1, len(items))),
        "timestamp": tf.constant([now], tf.int64),
    }
    found = encoder.encode_history(raw)
    return [found[name].numpy()[0].tolist() for name in ("history", "history_type", "history_gap")]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, 1), (1, 2), (2, 3), (3, 3), (4, 4), (1_023, 11), (1_024, 12), (2**31, NUM_GAPS - 1)],
)
def test_gaps_double_from_id_to_id(seconds: int, expected: int) -> None:
    start = tf.constant([[7]], tf.int64)
    assert gap_ids(start, start + seconds).numpy().tolist() == [[expected]]


@pytest.mark.parametrize(("time", "following"), [(-1, 5), (5, -1), (5, 4)])
def test_a_missing_or_earlier_next_moment_is_no_gap(time: int, following: int) -> None:
    times = (tf.constant([moment], tf.int64) for moment in (time, following))
    assert gap_ids(*times).numpy().tolist() == [0]


def test_types_are_numbered_in_the_order_of_the_dataset() -> None:
    found = type_ids(tf.constant([["view", "cart", "", "nonsense"]]), TYPES)
    assert found.numpy().tolist() == [[2, 3, 0, 1]]


def test_a_history_carries_its_types_and_gaps(encoder: FeatureEncoder) -> None:
    # 8 s to the next, then 1000 - 110 = 890 s to the request.
    found = encode(encoder, ("a", "view", 102), ("b", "cart", 110))
    assert found == [[2, 3, 0], [2, 3, 0], [5, 11, 0]]


def test_unknown_items_take_their_types_and_times_along(encoder: FeatureEncoder) -> None:
    # The gap of `a` reaches to `c`: 16 s.
    found = encode(encoder, ("a", "view", 100), ("gone", "cart", 108), ("c", "cart", 116))
    assert found == [[2, 4, 0], [2, 3, 0], [6, 11, 0]]


def test_the_latest_stay_with_what_they_carry(encoder: FeatureEncoder) -> None:
    events = [("a", "view", 0), ("b", "cart", 1), ("c", "view", 3), ("a", "cart", 7)]
    assert encode(encoder, *events)[1:] == [[3, 2, 3], [3, 4, 11]]


def test_an_empty_history_carries_nothing(encoder: FeatureEncoder) -> None:
    assert encode(encoder) == [[0, 0, 0]] * 3


def test_what_is_missing_is_0(encoder: FeatureEncoder) -> None:
    found = encode(encoder, ("a", "", -1), ("b", "view", 50), now=-1)
    assert found == [[2, 3, 0], [0, 2, 0], [0, 0, 0]]


def test_the_spec_says_what_a_request_must_hold(encoder: FeatureEncoder) -> None:
    signature = encoder.history_signature()
    assert set(signature) == {"history", "history_type", "history_time", "timestamp"}
    assert set(HistorySpec(5).raw_signature()) == {"history"}


def test_names_and_sizes_follow_what_is_carried() -> None:
    full = HistorySpec(5, TYPES, time_gaps=True)
    assert full.names() == ("history", "history_type", "history_gap")
    assert (full.num_types, full.num_gaps) == (4, NUM_GAPS)
    assert HistorySpec(5).names() == ("history",)
    assert (HistorySpec(5).num_types, HistorySpec(5).num_gaps) == (0, 0)
    assert HistorySpec(0, TYPES).names() == ()


def test_the_history_survives_its_file(encoder: FeatureEncoder, tmp_path: Path) -> None:
    encoder.spec.save(tmp_path / "copy")
    assert FeatureSpec.load(tmp_path / "copy").history == HistorySpec(3, TYPES, time_gaps=True)


def test_gaps_are_int32_ids_below_their_number() -> None:
    random = np.random.default_rng(0)
    times = tf.constant(random.integers(-1, 2**40, 1_000))
    ids = gap_ids(times, tf.constant(random.integers(-1, 2**40, 1_000)))
    assert ids.dtype == tf.int32
    assert ids.numpy().max() < NUM_GAPS
