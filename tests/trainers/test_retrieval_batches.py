from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.datasets import make_dataset
from support.training import forget_items, ids_of, make_material, with_times

from configs.errors import DataError
from tfrs_models.backend import tf
from tfrs_models.data.dataset import TEST, TRAIN, UNKNOWN_ROW, VALIDATION, PreparedDataset
from tfrs_models.losses._softmax import Negatives
from trainers.retrieval import Material
from trainers.retrieval_batches import RetrievalBatches, positives

DAY = 86_400
# Sorted by (user, time, item). Items w to z are known, rows 2 to 5; `liked` is not learned.
# place            0          1           2           3           4          5           6
EVENTS = [
    ("ann", "x", 0, 1, TRAIN),
    ("ann", "y", 10, 1, TRAIN),
    ("ann", "z", 10, 1, TRAIN),
    ("ann", "w", 20, 1, TRAIN),
    ("bob", "x", 5, 1, TRAIN),
    ("bob", "seen", 15, 0, TRAIN),
    ("bob", "y", 25, 1, TRAIN),
    ("cy", "z", 3_600, 1, TRAIN),
    ("cy", "later", 7_200, 1, VALIDATION),
    ("cy", "latest", 9_000, 1, TEST),
]
W, X, Y, Z = 2, 3, 4, 5


def three_users(folder: Any) -> PreparedDataset:
    user, item, time, weight, split = zip(*EVENTS, strict=True)
    return make_dataset(folder, user, item, time, split, weight)


def many_events(folder: Any) -> PreparedDataset:
    """Three users with 12, 12 and 24 events over 8 items, many at the same moment."""
    random = np.random.default_rng(5)
    user = np.repeat(["ann", "bob", "cy"], [12, 12, 24])
    return make_dataset(
        folder, user, random.choice(list("abcdefgh"), 48), random.integers(0, 9, 48)
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Material:
    folder = tmp_path_factory.mktemp("small")
    return make_material(three_users(folder / "data"), folder)[0]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Material:
    folder = tmp_path_factory.mktemp("large")
    return make_material(many_events(folder / "data"), folder)[0]


def two_negatives(counts: Any) -> Any:
    return lambda _: Negatives(tf.constant([W, X]), tf.zeros([2]))


def make_batches(
    material: Material,
    seed: int = 1,
    size: int = 1024,
    negatives: Any = two_negatives,
    **retrieval: Any,
) -> Any:
    config = material.config.retrieval.model_copy(
        update={
            "training": material.config.retrieval.training.model_copy(update={"batch_size": size}),
            **retrieval,
        }
    )
    return RetrievalBatches(
        material.dataset, material.encoded, material.spec, config, negatives, seed
    )


def batch(batches: Any, step: int) -> Any:
    return tf.nest.map_structure(
        lambda tensor: tensor.numpy(), batches.batch(tf.constant(step, tf.int64))
    )


def by_example(material: Material, found: Any) -> dict[tuple[int, int], list[int]]:
    """Histories without padding by (user row, item row)."""
    users = found["query"]["user_id"][:, 0].tolist()
    histories = [[i for i in row if i] for row in found["query"]["history"].tolist()]
    return dict(
        zip(zip(users, found["positive_rows"].tolist(), strict=True), histories, strict=True)
    )


def examples_of_epoch(batches: Any, epoch: int) -> list[tuple[int, int]]:
    steps = batches.num_examples // batches.batch_size
    found = [batch(batches, step) for step in range(epoch * steps, (epoch + 1) * steps)]
    users = np.concatenate([b["query"]["user_id"][:, 0] for b in found])
    items = np.concatenate([b["positive_rows"] for b in found])
    return list(zip(users.tolist(), items.tolist(), strict=True))


def test_positives_and_where_their_histories_lie(small):
    found = positives(small.dataset, None)
    assert found.item.tolist() == [X, Y, Z, W, X, Y, Z]
    assert found.event.tolist() == [0, 1, 2, 3, 4, 6, 7]
    assert found.start.tolist() == [0, 0, 0, 0, 4, 4, 6]
    assert found.end.tolist() == [4, 4, 4, 4, 6, 6, 7]
    assert found.before.tolist() == [0, 1, 1, 3, 4, 5, 6]


def test_events_of_weight_0_and_later_splits_are_no_positives(small):
    names = ids_of(small.dataset, "item")
    assert {names[row] for row in positives(small.dataset, None).item} == set("wxyz")


def test_without_positives_the_error_names_the_settings(small):
    nothing = replace(small.dataset.events, weight=np.zeros(len(EVENTS), np.float32))
    with pytest.raises(DataError, match=r"`data.events.weights`"):
        positives(replace(small.dataset, events=nothing), None)


def test_an_event_a_half_life_older_weighs_half(tmp_path):
    # Ages 2, 1, 0 days at a half-life of one day: 1/4, 1/2, 1, whose mean is 7/12.
    dataset = make_dataset(tmp_path, ["u"] * 3, list("abc"), [0, DAY, 2 * DAY])
    found = positives(dataset, 1.0).weight
    np.testing.assert_allclose(found, [3 / 7, 6 / 7, 12 / 7], rtol=1e-6)


def test_weights_keep_their_ratio_and_have_mean_1(tmp_path):
    dataset = make_dataset(tmp_path, ["u"] * 3, list("abc"), weight=[1, 2, 3])
    np.testing.assert_allclose(positives(dataset, None).weight, [0.5, 1, 1.5], rtol=1e-6)


def test_later_splits_do_not_age_the_training_events(small):
    # The newest training event is cy's at 3600 s; the test event at 9000 s would age them all.
    weight = positives(small.dataset, 1 / 24).weight
    oldest_to_newest = weight[0] / weight[-1]
    assert oldest_to_newest == pytest.approx(0.5, rel=1e-6)  # 3600 s are one half-life


@pytest.mark.parametrize("epoch", [0, 1, 7])
def test_each_epoch_visits_every_example_once(large, epoch):
    found = positives(large.dataset, None)
    expected = sorted(zip(found.user.tolist(), found.item.tolist(), strict=True))
    assert sorted(examples_of_epoch(make_batches(large, size=8), epoch)) == expected


def test_epochs_and_seeds_have_their_own_order(large):
    batches = make_batches(large, size=8)
    first, second = examples_of_epoch(batches, 0), examples_of_epoch(batches, 1)
    other = examples_of_epoch(make_batches(large, seed=2, size=8), 0)
    assert first != second
    assert first != other


def test_an_incomplete_last_batch_is_left_out_and_nothing_comes_twice(small):
    # 7 positives at 3 a batch: two steps, six different examples.
    assert len(set(examples_of_epoch(make_batches(small, size=3), 0))) == 6


def test_a_batch_is_a_function_of_seed_and_step(large):
    one, other = make_batches(large, size=8), make_batches(large, size=8)
    batch(one, 0)
    tf.nest.map_structure(np.testing.assert_array_equal, batch(one, 5), batch(other, 5))


def test_the_compiled_batch_is_the_eager_one(large):
    batches = make_batches(large, size=8)
    compiled = tf.function(batches.batch)(tf.constant(5, tf.int64))
    tf.nest.map_structure(np.testing.assert_array_equal, compiled, batch(batches, 5))


def test_a_past_history_holds_strictly_earlier_items(small):
    batches = make_batches(small, history_sampling="past")
    ann, bob, cy = 2, 3, 4
    assert by_example(small, batch(batches, 0)) == {
        (ann, X): [],
        (ann, Y): [X],
        (ann, Z): [X],  # y came at the same moment
        (ann, W): [X, Y, Z],
        (bob, X): [],
        (bob, Y): [X],  # what bob saw and left alone is no history
        (cy, Z): [],
    }


def test_a_past_history_keeps_the_latest(large):
    """Every window, against a search through all events."""
    events = large.dataset.events
    found = positives(large.dataset, None)
    batches = make_batches(large, history_sampling="past")
    window, before = [
        tensor.numpy()
        for tensor in batches._windows(
            {n: tf.constant(v) for n, v in vars(found).items()}, tf.constant([1, 2])
        )
    ]
    for place, (start, end) in enumerate(zip(window, before, strict=True)):
        user, time = events.user[place], events.time[place]
        earlier = np.flatnonzero((events.user == user) & (events.time < time))
        assert np.arange(start, end).tolist() == earlier[-3:].tolist()


def test_a_microsecond_decides_what_is_past(small):
    """z moves to just after y: z's history gains y, and only z's own and later ones may change."""
    ann = 2
    moved = small.dataset.events.time.copy()
    moved[2] += 1
    later = replace(small, dataset=with_times(small.dataset, moved))
    before = by_example(small, batch(make_batches(small, history_sampling="past"), 0))
    after = by_example(small, batch(make_batches(later, history_sampling="past"), 0))
    assert after.pop((ann, Z)) == [X, Y]
    assert before.pop((ann, Z)) == [X]
    assert after == before


@pytest.mark.parametrize("sampling", ["past", "leave_one_out"])
def test_the_target_is_never_in_its_history(large, sampling):
    batches = make_batches(large, history_sampling=sampling)
    for step in range(20):
        found = batch(batches, step)
        assert not (found["query"]["history"] == found["positive_rows"][:, np.newaxis]).any()


def test_leave_one_out_takes_everything_else_that_fits(small):
    # bob's other item; ann has four items and windows of three, so at most three are left.
    ann, bob, cy = 2, 3, 4
    found = by_example(small, batch(make_batches(small, history_sampling="leave_one_out"), 0))
    assert found[bob, X] == [Y]
    assert found[bob, Y] == [X]
    assert found[cy, Z] == []
    assert all(set(found[ann, item]) < {W, X, Y, Z} for item in (W, X, Y, Z))


def test_leave_one_out_windows_stay_inside_the_user_and_reach_both_ends(large):
    found = positives(large.dataset, None)
    batches = make_batches(large, history_sampling="leave_one_out")
    row = {name: tf.constant(column) for name, column in vars(found).items()}
    starts = set()
    for step in range(50):
        start, end = (t.numpy() for t in batches._windows(row, tf.constant([1, step])))
        assert (start >= found.start).all()
        assert (end <= found.end).all()
        assert (end - start == 3).all()  # everyone has more than three
        starts |= set(start[:12].tolist())
    assert starts == set(range(10))  # 12 places, windows of 3


def test_an_example_carries_its_own_event_context(large):
    batches = make_batches(large)
    places = batches._places(tf.constant(0, tf.int64)).numpy()
    found = batch(batches, 0)
    event = positives(large.dataset, None).event[places]
    np.testing.assert_array_equal(found["query"]["hour"], large.encoded.context["hour"][event])


def test_the_context_of_a_known_event(small):
    found = batch(make_batches(small), 0)
    users = found["query"]["user_id"][:, 0]
    # cy's event is at 1970-01-01 01:00, all others within the hour 0.
    assert set(found["query"]["hour"][users != 4].ravel()) == {small.encoded.context["hour"][0, 0]}
    assert found["query"]["hour"][users == 4].ravel() == small.encoded.context["hour"][7]
    assert small.encoded.context["hour"][7, 0] != small.encoded.context["hour"][0, 0]


def test_items_out_of_the_vocabulary_train_as_unknown_and_are_no_history(tmp_path):
    dataset = forget_items(three_users(tmp_path / "data"), 1)  # z
    material = make_material(dataset, tmp_path)[0]
    found = batch(make_batches(material, history_sampling="past"), 0)
    unknown = found["positive_rows"] == Z
    assert unknown.sum() == 2
    assert (found["positive"]["item_id"][unknown] == UNKNOWN_ROW).all()
    assert by_example(material, found)[2, W] == [X, Y]  # z left no trace
    assert found["query"]["history"].max() < dataset.known_items


def test_counts_of_the_negatives_are_of_known_items_alone(tmp_path):
    dataset = forget_items(three_users(tmp_path / "data"), 1)
    material = make_material(dataset, tmp_path)[0]
    received = []

    def negatives(counts: Any) -> Any:
        received.append(np.array(counts).tolist())
        return two_negatives(counts)

    make_batches(material, negatives=negatives)
    assert received == [[0, 0, 1, 2, 2]]  # w, x, y


def test_negatives_come_with_their_rows_and_features(small):
    found = batch(make_batches(small), 0)
    assert found["negative_rows"].tolist() == [W, X]
    assert found["negative"]["item_id"].tolist() == [[W], [X]]
    assert found["correction"].tolist() == [0.0, 0.0]


def test_without_a_history_length_there_is_no_history(tmp_path):
    history = {"history": {"max_length": 0}}
    material = make_material(three_users(tmp_path / "data"), tmp_path, features=history)[0]
    assert "history" not in batch(make_batches(material), 0)["query"]
