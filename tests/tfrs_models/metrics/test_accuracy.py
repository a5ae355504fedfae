import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.metrics import average_precision_score, ndcg_score, precision_score, recall_score

from tfrs_models.metrics.accuracy import METRICS, accuracy
from tfrs_models.metrics.hits import find_hits
from tfrs_models.metrics.rows import Rows

# Two users, targets {3, 5, 8} and {4}.
# First list: 5 is a hit at place 1, 8 at place 3.  Second list: no hit; its last place is empty.
TARGETS = Rows(np.array([0, 3, 4]), np.array([3, 5, 8, 4], np.int32))
LISTS = np.array([[5, 2, 8, 9], [2, 3, 5, 0]], np.int32)


def values(name: str) -> list[float]:
    return accuracy(LISTS, TARGETS, (2, 4))[name].tolist()


def test_hits_are_the_places_of_the_targets():
    assert find_hits(LISTS, TARGETS).matrix.tolist() == [[True, False, True, False], [False] * 4]


def test_precision_divides_by_k():
    assert values("precision@2") == [1 / 2, 0]
    assert values("precision@4") == [2 / 4, 0]


def test_recall_divides_by_the_number_of_targets():
    # Three targets in two places cannot all be found.
    assert values("recall@2") == [1 / 3, 0]
    assert values("recall@4") == [2 / 3, 0]


def test_hit_rate_is_one_with_any_hit():
    assert values("hit_rate@2") == [1, 0]


def test_mrr_is_one_over_the_first_hit():
    # Moved by one place, the first hit stands second.
    shifted = np.roll(LISTS, 1, axis=1)
    assert accuracy(shifted, TARGETS, (4,))["mrr@4"].tolist() == [1 / 2, 0]
    assert accuracy(shifted, TARGETS, (1,))["mrr@1"].tolist() == [0, 0]


def test_ndcg_compares_with_the_best_list_of_that_length():
    # DCG@4 = 1/log2(2) + 1/log2(4) = 1.5; ideal with 3 targets = 1 + 1/log2(3) + 1/2.
    assert values("ndcg@4") == pytest.approx([1.5 / (1.5 + 1 / np.log2(3)), 0])
    # DCG@2 = 1; the ideal list of 2 places holds 2 of the 3 targets: 1 + 1/log2(3).
    assert values("ndcg@2") == pytest.approx([1 / (1 + 1 / np.log2(3)), 0])


def test_map_averages_the_precision_at_the_hits():
    # Precision is 1/1 at the first hit and 2/3 at the second; min(4, 3 targets) = 3.
    assert values("map@4") == pytest.approx([(1 + 2 / 3) / 3, 0])
    # min(2, 3 targets) = 2.
    assert values("map@2") == pytest.approx([1 / 2, 0])


def test_a_list_shorter_than_k_is_filled_with_misses():
    longer = np.pad(LISTS, ((0, 0), (0, 6)))
    short, filled = accuracy(LISTS, TARGETS, (10,)), accuracy(longer, TARGETS, (10,))
    for name in short:
        assert_allclose(short[name], filled[name])


def test_a_perfect_list_scores_one_in_every_metric_but_precision():
    lists = np.array([[8, 5, 3], [4, 9, 2]], np.int32)
    found = accuracy(lists, TARGETS, (3,))
    assert found.pop("precision@3").tolist() == [1, pytest.approx(1 / 3)]
    assert all(column.tolist() == [1, 1] for column in found.values())


@pytest.mark.parametrize(
    ("lists", "targets", "text"),
    [
        (LISTS[:1], TARGETS, "`lists` has 1 rows, `targets` has 2"),
        (LISTS, Rows(np.array([0, 0, 1]), np.array([4], np.int32)), "each query needs a target"),
        (np.array([[5, 5], [2, 0]], np.int32), TARGETS, "must not name an item twice"),
    ],
    ids=["lengths", "no target", "repeat"],
)
def test_wrong_input_is_refused(lists, targets, text):
    with pytest.raises(ValueError, match=text):
        find_hits(lists, targets)


def test_no_queries_give_no_values():
    none = Rows(np.array([0]), np.array([], np.int32))
    found = accuracy(np.zeros((0, 5), np.int32), none, (5,))
    assert all(column.shape == (0,) for column in found.values())


def random_case(seed: int, users: int, items: int, k: int):
    """Lists, targets and the same targets as a 0/1 matrix; item rows start at 2."""
    random = np.random.default_rng(seed)
    lists = np.stack([random.permutation(items)[:k] + 2 for _ in range(users)]).astype(np.int32)
    relevant = random.random((users, items)) < random.uniform(0.02, 0.6)
    relevant[np.arange(users), random.integers(0, items, users)] = True
    owners, columns = np.nonzero(relevant)
    return lists, Rows.from_owners(owners, columns + 2, users), relevant


def as_scores(lists, items):
    """Scores that rank the list's items first and in its order, all others last and tied at 0."""
    scores = np.zeros((len(lists), items))
    np.put_along_axis(scores, lists - 2, np.arange(lists.shape[1], 0, -1.0)[None, :], axis=1)
    return scores


@pytest.mark.parametrize("k", [1, 5, 30])
def test_ndcg_equals_scikit_learn(k):
    lists, targets, relevant = random_case(k, users=40, items=30, k=30)
    expected = [
        ndcg_score(row[None], scores[None], k=k)
        for row, scores in zip(relevant, as_scores(lists, 30), strict=True)
    ]
    assert_allclose(accuracy(lists, targets, (k,))[f"ndcg@{k}"], expected)


@pytest.mark.parametrize("k", [1, 5, 30])
def test_precision_and_recall_equal_scikit_learn(k):
    lists, targets, relevant = random_case(k, users=40, items=30, k=30)
    recommended = as_scores(lists[:, :k], 30) > 0
    found = accuracy(lists, targets, (k,))
    for name, score in (("precision", precision_score), ("recall", recall_score)):
        assert found[f"{name}@{k}"].mean() == pytest.approx(
            score(relevant, recommended, average="samples")
        )


def test_map_over_the_whole_catalogue_equals_scikit_learn():
    lists, targets, relevant = random_case(3, users=40, items=30, k=30)
    expected = average_precision_score(relevant.T, as_scores(lists, 30).T, average=None)
    assert_allclose(accuracy(lists, targets, (30,))["map@30"], expected)


def plain(name: str, ranked: list[int], wanted: set[int], k: int) -> float:
    """The definitions, item by item."""
    places = [place for place, item in enumerate(ranked[:k], start=1) if item in wanted]
    if name == "mrr":
        return 1 / places[0] if places else 0
    if name == "hit_rate":
        return float(bool(places))
    hits_so_far = [sum(p <= place for p in places) / place for place in places]
    return sum(hits_so_far) / min(k, len(wanted))


@pytest.mark.parametrize("name", ["mrr", "hit_rate", "map"])
@pytest.mark.parametrize("k", [1, 3, 12])
def test_metrics_equal_their_plain_definition(name, k):
    lists, targets, _ = random_case(k, users=50, items=40, k=12)
    expected = [
        plain(name, lists[q].tolist(), set(targets.take(np.array([q])).items.tolist()), k)
        for q in range(50)
    ]
    assert_allclose(accuracy(lists, targets, (k,))[f"{name}@{k}"], expected)


cases = st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 8), st.integers(3, 15))


@given(cases)
def test_all_values_lie_between_zero_and_one(case):
    seed, users, items = case
    lists, targets, _ = random_case(seed, users, items, k=3)
    for column in accuracy(lists, targets, (1, 2, 3, 5)).values():
        assert (column >= 0).all()
        assert (column <= 1 + 1e-12).all()


@given(cases)
def test_recall_hit_rate_and_mrr_grow_with_k(case):
    seed, users, items = case
    lists, targets, _ = random_case(seed, users, items, k=3)
    found = accuracy(lists, targets, (1, 2, 3))
    for name in ("recall", "hit_rate", "mrr"):
        assert (found[f"{name}@1"] <= found[f"{name}@2"]).all()
        assert (found[f"{name}@2"] <= found[f"{name}@3"]).all()


@given(cases)
def test_the_order_of_the_users_changes_no_value(case):
    seed, users, items = case
    lists, targets, _ = random_case(seed, users, items, k=3)
    order = np.random.default_rng(seed).permutation(users)
    before, after = (
        accuracy(lists, targets, (3,)),
        accuracy(lists[order], targets.take(order), (3,)),
    )
    for name in before:
        assert_allclose(after[name], before[name][order])


@given(cases)
def test_an_earlier_hit_is_never_worse(case):
    seed, users, items = case
    lists, targets, _ = random_case(seed, users, items, k=3)
    hits = find_hits(lists, targets).matrix
    # Hits first, otherwise in the old order.
    better = np.take_along_axis(lists, np.argsort(~hits, axis=1, kind="stable"), axis=1)
    before, after = accuracy(lists, targets, (1, 3)), accuracy(better, targets, (1, 3))
    for name in before:
        assert (after[name] >= before[name] - 1e-12).all()


def test_every_metric_is_in_the_table_at_every_k():
    assert set(accuracy(LISTS, TARGETS, (2, 4))) == {f"{n}@{k}" for n in METRICS for k in (2, 4)}
