import numpy as np
import pytest
from support.datasets import make_dataset

from configs.evaluation import EvaluationConfig
from tfrs_models.data.dataset import TEST, TRAIN, VALIDATION
from tfrs_models.evaluation.queries import build_queries

# user item second split weight; item ids a..e have rows 2..6 (a, b, c learned first, then d, e).
EVENTS = [
    ("u", "b", 1, TRAIN, 1),
    ("u", "a", 2, TRAIN, 1),
    ("u", "b", 3, TRAIN, 1),
    ("u", "e", 4, TRAIN, 0),
    ("u", "c", 5, VALIDATION, 1),
    ("u", "a", 6, TEST, 1),
    ("u", "e", 7, TEST, 1),
    ("u", "d", 8, TEST, 1),
    ("u", "d", 9, TEST, 1),
    ("v", "c", 1, TRAIN, 1),
    ("v", "c", 2, TEST, 1),
    ("w", "a", 3, TEST, 1),
    ("x", "a", 3, TEST, 0),
]
A, B, C, D, E = 2, 3, 4, 5, 6
U, V, W = 2, 3, 4


@pytest.fixture
def events(tmp_path):
    # Shuffled: the dataset sorts.
    shuffled = [EVENTS[i] for i in np.random.default_rng(0).permutation(len(EVENTS))]
    return make_dataset(tmp_path, *zip(*shuffled, strict=True))


def queries_of(dataset, split=TEST, seed=0, **settings):
    return build_queries(dataset, split, EvaluationConfig(**settings), seed)


def as_lists(rows):
    return [part.tolist() for part in np.split(rows.items, rows.indptr[1:-1])]


def test_users_without_a_target_are_left_out(events):
    # v's only test item is in the history; x has no positive.
    assert queries_of(events).user.tolist() == [U, W]


def test_history_is_the_earlier_positives_in_time_order_with_repeats(events):
    assert as_lists(queries_of(events).history) == [[B, A, B, C], []]


def test_seen_is_the_distinct_history(events):
    assert as_lists(queries_of(events).seen) == [[A, B, C], []]


def test_targets_are_distinct_positives_without_the_seen(events):
    assert as_lists(queries_of(events).targets) == [[D, E], [A]]


def test_time_is_that_of_the_first_target_in_microseconds(events):
    # u's event at second 6 names a seen item, so the first target is at second 7.
    assert queries_of(events).time.tolist() == [7_000_000, 3_000_000]


def test_without_exclusion_seen_items_are_targets_too(events):
    queries = queries_of(events, exclude_seen=False)
    assert queries.user.tolist() == [U, V, W]
    assert as_lists(queries.targets) == [[A, D, E], [C], [A]]
    assert queries.time.tolist() == [6_000_000, 2_000_000, 3_000_000]


def test_validation_queries_know_training_alone(events):
    queries = queries_of(events, VALIDATION)
    assert queries.user.tolist() == [U]
    assert as_lists(queries.history) == [[B, A, B]]
    assert as_lists(queries.targets) == [[C]]


def test_a_split_without_positives_gives_no_queries(tmp_path):
    queries = queries_of(make_dataset(tmp_path, ["u"], ["a"]))
    assert len(queries) == len(queries.history) == len(queries.seen) == len(queries.targets) == 0


def test_shapes_and_types_follow_the_contract(events):
    queries = queries_of(events)
    assert queries.user.dtype == np.int32
    assert queries.time.dtype == np.int64
    for rows in (queries.history, queries.seen, queries.targets):
        assert len(rows) == len(queries)
        assert (rows.indptr.dtype, rows.items.dtype) == (np.int64, np.int32)


def test_a_sample_of_users_is_seeded_and_ascending(dataset):
    whole, sample = queries_of(dataset), queries_of(dataset, max_users=10, seed=3)
    assert len(sample) == 10
    assert (np.diff(sample.user) > 0).all()
    assert sample.user.tolist() == queries_of(dataset, max_users=10, seed=3).user.tolist()
    assert sample.user.tolist() != queries_of(dataset, max_users=10, seed=4).user.tolist()
    place = np.searchsorted(whole.user, sample.user)
    assert as_lists(sample.targets) == as_lists(whole.targets.take(place))


def test_a_sample_larger_than_the_users_is_all_of_them(dataset):
    assert len(queries_of(dataset, max_users=10_000)) == len(queries_of(dataset))


def test_queries_and_then_others_are_both(events):
    queries = queries_of(events)
    one, other = queries.take(np.array([0])), queries.take(np.array([1]))
    both = other.then(one)
    assert both.user.tolist() == [W, U]
    assert both.time.tolist() == [3_000_000, 7_000_000]
    assert both.event.tolist() == [other.event[0], one.event[0]]
    assert as_lists(both.history) == [[], [B, A, B, C]]
    assert as_lists(both.events) == [[], one.events.items.tolist()]
    assert as_lists(both.seen) == [[], [A, B, C]]
    assert as_lists(both.targets) == [[A], [D, E]]


def test_equals_a_user_by_user_construction(dataset):
    queries, events = queries_of(dataset), dataset.events
    expected = {}
    for user in range(dataset.num_users):
        mine = slice(*dataset.offsets[user : user + 2])
        item, split = events.item[mine], events.split[mine]
        history = item[split < TEST].tolist()
        targets = sorted(set(item[split == TEST].tolist()) - set(history))
        if targets:
            expected[user] = (history, sorted(set(history)), targets)
    assert queries.user.tolist() == list(expected)
    parts = (as_lists(rows) for rows in (queries.history, queries.seen, queries.targets))
    assert list(zip(*parts, strict=True)) == list(expected.values())
