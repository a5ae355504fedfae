import numpy as np
import pytest
from support.ranking import examples

from tfrs_models.backend import tf
from trainers.ranking.batches import Pools, RankingBatches

COUNTS = {"retrieved_negatives": 6, "shown_negatives": 2, "random_negatives": 3}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return examples(tmp_path_factory.mktemp("log"), **COUNTS)


@pytest.fixture(scope="module")
def pools(made):
    _, encoder, windows, requests = made
    return Pools(windows, requests, encoder)


def batches(made, pools, seed=1, **training):
    config = made[0].config.ranking
    changed = config.training.model_copy(update={"batch_size": 1000} | training)
    return RankingBatches(pools, config.model_copy(update={"training": changed}), seed)


def batch(found, step=0):
    read = found.batch(tf.constant(step, tf.int64), {})
    return tf.nest.map_structure(lambda tensor: tensor.numpy(), read)


def test_every_positive_comes_once_an_epoch(made, pools):
    found = batches(made, pools)
    assert found.num_examples == pools.arrays["positive"].sum()
    whole = batch(found)
    assert whole["usable"].shape == (found.num_examples, 1 + 6 + 2 + 3)
    assert len(units(found, 0)) == found.num_examples


def units(found, step):
    """Which positives a step visits."""
    return set(found.passes.places(tf.constant(step, tf.int64)).numpy().tolist())


def test_the_positive_stands_first_and_no_other_place_counts_as_one(made, pools):
    for step in range(3):
        whole = batch(batches(made, pools), step)
        assert whole["usable"][:, 0].all()
        assert (whole["labels"][:, 0, 0] == 1).all()
        others = whole["labels"][:, 1:, 0][whole["usable"][:, 1:]]
        assert (others == 0).all()


def test_a_drawn_candidate_stands_for_all_of_its_kind(made, pools):
    whole = batch(batches(made, pools))
    assert (whole["stands_for"][:, 0] == 1).all()
    assert whole["stands_for"][:, 1:7] == pytest.approx(8 / 6)  # 8 are retrieved, 6 drawn
    assert (whole["stands_for"][:, 9:] == 1).all()


def test_what_a_shown_candidate_stands_for_is_what_was_shown(made, pools):
    items = pools.arrays["items"]
    shown = (items[:, 8:16] > 0).sum(axis=1) / 2
    weights = batch(batches(made, pools))["stands_for"][:, 7:9]
    assert set(np.unique(weights)) <= set(shown.astype(np.float32).tolist())


def test_an_epoch_of_small_batches_visits_every_positive(made, pools):
    found = batches(made, pools, batch_size=4)
    steps = found.steps_per_epoch
    seen = set().union(*(units(found, step) for step in range(steps)))
    assert len(seen) == 4 * steps
    assert found.num_examples - 4 < len(seen) <= found.num_examples


def test_a_batch_is_a_function_of_seed_and_step(made, pools):
    one, other = (batch(batches(made, pools), 3) for _ in range(2))
    tf.nest.map_structure(np.testing.assert_array_equal, one, other)
    for changed in (batch(batches(made, pools), 4), batch(batches(made, pools, seed=2), 3)):
        assert not np.array_equal(one["candidates"]["pairs"], changed["candidates"]["pairs"])


def test_pair_features_of_a_batch_are_those_of_the_pools(made, pools):
    """Computed once for whole pools, and again for a few pairs alone."""
    _, encoder, windows, requests = made
    alone = Pools(windows[1:2], [requests[1].take(np.array([2]))], encoder)
    owner = len(requests[0]) + 2
    places = tf.constant([[0, 5, 9]])
    _, one = alone.inputs(tf.constant([0]), places)
    _, other = pools.inputs(tf.constant([owner]), places)
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-5)
