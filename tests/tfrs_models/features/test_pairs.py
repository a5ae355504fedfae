"""What the ranker reads of a request and a candidate, by hand on a tiny catalogue."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.models import SPECS
from support.specs import FEATURES, feature, make_spec, random_rows

from tfrs_models.backend import tf
from tfrs_models.data.statistics import STATISTICS, item_statistics
from tfrs_models.features.history import HistorySpec, gap_ids
from tfrs_models.features.pairs import BUCKETS, PairFeatures, Retrieved, of_list
from tfrs_models.features.spec import FeatureSpec

ITEM = feature("item_id", "item", num_ids=8)
GENRES = feature("genres", "item", width=2)
PRICE = replace(feature("price", "item", "dense", 2), type="numeric")
TIMES = HistorySpec(4, time_gaps=True)
SPEC = make_spec((ITEM, GENRES, PRICE), (), history=TIMES)
# Rows 0 and 1 are missing and unknown; 8 is a new item without an id of its own.
CATALOGUE = {
    "item_id": np.array([[0], [1], [2], [3], [4], [5], [6], [7], [1]], np.int32),
    "genres": np.array(
        [[0, 0], [0, 0], [2, 0], [2, 3], [3, 0], [4, 0], [0, 0], [1, 0], [3, 1]], np.int32
    ),
    "price": np.array(
        [[0, 1], [0, 1], [1, 0], [2, 0], [6, 0], [5, 0], [0, 1], [-1, 0], [4, 0]], np.float32
    ),
}
HISTORY = [2, 3, 4, 0]
GAPS = [10, 1, 12, 0]
RARE = np.log(8 / 3)  # genres 2 and 3: two of the eight rows with an id have each
RAREST = np.log(8 / 2)  # genre 4, and every item's own id
# Middles of the gaps are 2^8.5, 0 and 2^10.5 seconds; ages are sums up to the request.
AGES = np.log1p(np.array([2**8.5 + 2**10.5, 2**10.5, 2**10.5]) / 86_400)


def columns(
    rows: list[int], history: Any = HISTORY, gaps: Any = GAPS, spec: FeatureSpec = SPEC
) -> dict[str, list[float]]:
    """Pair features of the candidates of one request, by name."""
    features = PairFeatures(spec, CATALOGUE)
    query = {"history": tf.constant([history], tf.int32), "history_gap": tf.constant([gaps])}
    items = {name: tf.constant(column[[rows]]) for name, column in CATALOGUE.items()}
    zeros = tf.zeros([1, len(rows)])
    statistics = tf.zeros([1, len(rows), len(STATISTICS)])
    found = features(query, items, statistics, Retrieved(zeros, zeros, zeros))
    assert found.shape == (1, len(rows), len(features.names))
    return {name: found[0, :, place].numpy() for place, name in enumerate(features.names)}


def test_affinity_to_an_item_is_its_share_of_the_history() -> None:
    found = columns([2, 5, 8, 1, 0])["affinity_item_id"]
    # One of three; not among them; new; unknown; missing.
    np.testing.assert_allclose(found, [(1 / 3) ** 0.5 * RAREST, 0, 0, 0, 0], rtol=1e-6)


def test_affinity_to_values_is_the_mean_over_the_known_ones() -> None:
    # Genres 2 and 3 are those of two of three each: {2}, {2, 3}, {4}, {}, {unknown}, {3, unknown}.
    found = columns([2, 3, 5, 6, 7, 8])["affinity_genres"]
    taste = (2 / 3) ** 0.5 * RARE
    np.testing.assert_allclose(found, [taste, taste, 0, 0, 0, taste], rtol=1e-6)


def test_rare_values_say_more() -> None:
    found = columns([5, 2], history=[5, 2, 0, 0])["affinity_genres"]
    np.testing.assert_allclose(found, [0.5**0.5 * RAREST, 0.5**0.5 * RARE], rtol=1e-6)


def test_what_everybody_has_still_says_a_little() -> None:
    everywhere = {**CATALOGUE, "genres": np.full((9, 2), 2, np.int32)}
    features = PairFeatures(SPEC, everywhere)
    rarity = features._rarity["genres"].numpy()
    assert rarity[2] == pytest.approx(0.1)
    assert rarity[3] == pytest.approx(np.log(8))


def test_recency_is_minus_the_log_of_the_days_since_the_latest_of_them() -> None:
    found = columns([2, 3, 5, 6, 8])["since_genres"]
    # Genre 2 last at item 3; genres 2 and 3 at items 3 and 4; never; none; genre 3 at item 4.
    expected = [-AGES[1], -AGES[1:].min(), -12, -12, -AGES[2]]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_recency_of_an_item_is_that_of_its_own_event() -> None:
    found = columns([2, 4, 5, 8])["since_item_id"]
    np.testing.assert_allclose(found, [-AGES[0], -AGES[2], -12, -12], rtol=1e-5)


def test_the_latest_event_is_the_youngest() -> None:
    np.testing.assert_allclose(columns([5, 2])["since_last_event"], [AGES[2]] * 2, rtol=1e-5)


def test_the_difference_is_against_the_mean_of_the_history() -> None:
    # Prices 1, 2 and 6: a mean of 3.
    np.testing.assert_allclose(columns([2, 5, 7])["difference_price"], [-2, 2, -4], rtol=1e-6)


def test_the_length_of_the_history_counts_its_items() -> None:
    np.testing.assert_allclose(columns([2, 5])["history_length"], np.log([4, 4]), rtol=1e-6)


def test_a_request_without_a_history_has_no_taste() -> None:
    found = columns([2, 3, 1, 0], history=[0] * 4, gaps=[0] * 4)
    expected = {
        "affinity_item_id": 0,
        "affinity_genres": 0,
        "since_item_id": -12,
        "since_genres": -12,
        "difference_price": 0,
        "history_length": 0,
        "since_last_event": 12,
    }
    assert {name: set(found[name].tolist()) for name in expected} == {
        name: {value} for name, value in expected.items()
    }


def test_an_unknown_item_of_the_history_counts_as_an_item_without_values() -> None:
    found = columns([2], history=[2, 1, 0, 0])
    np.testing.assert_allclose(found["affinity_item_id"], 0.5**0.5 * RAREST, rtol=1e-6)
    np.testing.assert_allclose(found["history_length"], np.log(3), rtol=1e-6)


def test_without_times_there_is_no_recency() -> None:
    spec = make_spec((ITEM, GENRES, PRICE), (), history=HistorySpec(4))
    found = columns([2, 3], spec=spec)
    assert not [name for name in found if name.startswith("since")]
    np.testing.assert_allclose(found["affinity_genres"], [(2 / 3) ** 0.5 * RARE] * 2, rtol=1e-6)


def test_without_a_history_there_is_only_what_the_log_and_the_retrieval_say() -> None:
    spec = make_spec((ITEM, GENRES, PRICE), (), history_length=0)
    features = PairFeatures(spec, CATALOGUE)
    assert features.names == (
        "retrieval_standard",
        "retrieval_score",
        "retrieval_rank",
        *STATISTICS,
        "trend_week",
        "trend_month",
    )
    assert features.item_names == []


def test_ids_of_wide_vocabularies_share_buckets() -> None:
    genres = CATALOGUE["genres"]
    wide = {**CATALOGUE, "genres": np.where(genres > 1, genres + BUCKETS, genres).astype(np.int32)}
    spec = make_spec((ITEM, feature("genres", "item", width=2, num_ids=2 * BUCKETS)), ())
    features = PairFeatures(spec, wide)
    query = {"history": tf.constant([HISTORY])}
    items = {name: tf.constant(column[[[2, 5]]]) for name, column in wide.items()}
    zeros = tf.zeros([1, 2])
    found = features(
        query, items, tf.zeros([1, 2, len(STATISTICS)]), Retrieved(zeros, zeros, zeros)
    )
    place = features.names.index("affinity_genres")
    np.testing.assert_allclose(found[0, :, place], [(2 / 3) ** 0.5 * RARE, 0], rtol=1e-6)


def test_statistics_come_as_logarithms() -> None:
    features = PairFeatures(make_spec((ITEM,), (), history_length=0), CATALOGUE)
    item = {name: float(place) for place, name in enumerate(STATISTICS)}
    item |= {"share_7d": 0.01, "events_7d": 3, "events_30d": 7, "events": 15, "idle_days": -1}
    given = tf.constant([[[item[name] for name in STATISTICS]]], tf.float32)
    one = tf.ones([1, 1])
    found = features({}, {}, given, Retrieved(0.5 * one, 0.25 * one, 3 * one))
    by_name = dict(zip(features.names, found[0, 0].numpy(), strict=True))
    assert by_name["retrieval_standard"] == 0.5
    assert by_name["retrieval_score"] == 0.25
    assert by_name["retrieval_rank"] == pytest.approx(np.log(4))
    assert by_name["events_1d"] == 0
    assert by_name["events_30d"] == pytest.approx(np.log(8))
    assert by_name["share_7d"] == pytest.approx(np.log(101))  # a share of 1 % is 100 of 10,000
    assert by_name["idle_days"] == pytest.approx(np.log(0.5))  # never
    assert by_name["trend_week"] == pytest.approx(np.log(4 / 8))
    assert by_name["trend_month"] == pytest.approx(np.log(8 / 16))


def case(spec: FeatureSpec, requests: int = 6, each: int = 5) -> tuple[PairFeatures, list[Any]]:
    """Pair features and random input of all of its arguments."""
    random = np.random.default_rng(0)
    size = spec.num_item_ids + 3
    encoded = random_rows(spec, size)
    catalogue = {f.name: encoded[f.name].numpy() for f in spec.table("item")}
    rows = random.integers(0, size, (requests, each))
    history = random_rows(spec, requests, seed=1)
    item, time = random.integers(2, size, 30).astype(np.int32), random.integers(0, 10**13, 30)
    statistics = item_statistics(item, time, size, 8 * 10**12)
    listed = random.uniform(size=rows.shape) < 0.7
    arguments = [
        {name: history[name] for name in spec.history.names()},
        {name: tf.constant(column[rows]) for name, column in catalogue.items()},
        tf.constant(statistics[rows]),
        of_list(tf.constant(random.normal(size=rows.shape), tf.float32), tf.constant(listed)),
    ]
    return PairFeatures(spec, catalogue), arguments


NUMBERS = make_spec(
    (*FEATURES[:4], replace(FEATURES[4], type="numeric"), FEATURES[5]), history=TIMES
)


@pytest.fixture(params=[*SPECS.values(), NUMBERS], ids=[*SPECS, "numbers"])
def spec(request: pytest.FixtureRequest) -> FeatureSpec:
    found: FeatureSpec = request.param
    return found


def test_names_and_widths_agree_and_everything_is_finite(spec: FeatureSpec) -> None:
    features, arguments = case(spec)
    found = features(*arguments)
    assert found.dtype == tf.float32
    assert found.shape == (6, 5, len(features.names))
    assert len(set(features.names)) == len(features.names)
    assert np.isfinite(found).all()


def test_a_request_alone_has_the_numbers_that_it_has_in_a_batch(spec: FeatureSpec) -> None:
    features, arguments = case(spec)
    together = features(*arguments).numpy()
    for row in range(6):
        one = tf.nest.map_structure(lambda column, row=row: column[row : row + 1], arguments)
        np.testing.assert_allclose(features(*one), together[row : row + 1], rtol=1e-6)


def test_a_candidate_alone_has_the_numbers_that_it_has_in_a_list(spec: FeatureSpec) -> None:
    features, arguments = case(spec)
    query, *others = arguments
    one = tf.nest.map_structure(lambda column: column[:, 2:3], others)
    np.testing.assert_allclose(features(query, *one), features(*arguments)[:, 2:3], rtol=1e-6)


def test_the_compiled_features_are_the_eager_ones(spec: FeatureSpec) -> None:
    features, arguments = case(spec)
    compiled = tf.function(features, autograph=False)
    np.testing.assert_allclose(compiled(*arguments), features(*arguments), rtol=1e-5, atol=1e-6)


def test_ages_are_right_to_a_factor_of_two() -> None:
    random = np.random.default_rng(0)
    now = 10**9
    ages = np.sort(2.0 ** random.uniform(0, 28, (200, 4)), axis=1)[:, ::-1].astype(np.int64)
    times = tf.constant(now - ages)
    following = tf.concat([times[:, 1:], tf.fill([200, 1], tf.constant(now, tf.int64))], axis=1)
    query = {
        "history": tf.tile([[2, 3, 4, 5]], [200, 1]),
        "history_gap": gap_ids(times, following),
    }
    rows = np.tile([2, 3, 4, 5], (200, 1))
    items = {name: tf.constant(column[rows]) for name, column in CATALOGUE.items()}
    zeros = tf.zeros(rows.shape)
    features = PairFeatures(SPEC, CATALOGUE)
    found = features(
        query, items, tf.zeros([*rows.shape, len(STATISTICS)]), Retrieved(zeros, zeros, zeros)
    )
    logs = found[..., features.names.index("since_item_id")].numpy().astype(np.float64)
    ratio = 86_400 * np.expm1(-logs) / ages
    assert ratio.min() > 0.5
    assert ratio.max() < 2


def test_scores_are_told_in_deviations_of_their_list() -> None:
    found = of_list(tf.constant([[3.0, 1.0, 2.0, 5.0]]), tf.constant([[True, True, True, False]]))
    # The list has a mean of 2 and a variance of 2/3; the fourth stands outside it.
    np.testing.assert_allclose(found.standard, np.array([[1, -1, 0, 3]]) * 1.5**0.5, rtol=1e-5)
    assert found.score.numpy().tolist() == [[3, 1, 2, 5]]


def test_ranks_are_places_in_the_list_and_its_length_outside() -> None:
    scores = tf.constant([[3.0, 9.0, 1.0, 8.0, 2.0], [1.0, 2.0, 3.0, 4.0, 5.0]])
    inside = tf.constant([[True, False, True, False, True], [True] * 5])
    assert of_list(scores, inside).rank.numpy().tolist() == [[0, 3, 2, 3, 1], [4, 3, 2, 1, 0]]


def test_equal_scores_keep_their_order() -> None:
    found = of_list(tf.ones([1, 3]), tf.ones([1, 3], tf.bool))
    assert found.rank.numpy().tolist() == [[0, 1, 2]]
    assert found.standard.numpy().tolist() == [[0, 0, 0]]


def test_an_empty_list_has_finite_numbers() -> None:
    found = of_list(tf.constant([[3.0, -1.0]]), tf.zeros([1, 2], tf.bool))
    assert all(np.isfinite(column).all() for column in found)
