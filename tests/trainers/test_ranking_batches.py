from typing import Any

import numpy as np
import pytest

from configs.errors import DataError
from configs.ranking import RankingConfig
from tfrs_models.backend import tf
from tfrs_models.evaluation.queries import Queries
from tfrs_models.metrics.rows import Rows
from trainers.ranking import _divide, reorder
from trainers.ranking_batches import RankingBatches, Retrieved

# Items 2 to 9; retrieval was trained on those below 8. Query 0 took 2 and 4, query 1 took 3,
# query 2 took 8, which retrieval has never seen, and 5.
TARGETS = [[2, 4], [3], [5, 8]]
LISTS = [[4, 5, 6, 7], [6, 3, 2, 0], [5, 7, 6, 4]]
TRAINED = 8


@pytest.fixture(scope="module")
def retrieved() -> Retrieved:
    random = np.random.default_rng(0)
    owners = np.repeat(np.arange(3), [len(t) for t in TARGETS])
    items = np.concatenate(TARGETS).astype(np.int32)
    targets = Rows.from_owners(owners, items, 3)
    nothing = Rows.from_owners(np.zeros(0, np.int64), np.zeros(0, np.int32), 3)
    time = np.array([30, 10, 20])
    users = np.array([2, 3, 4], np.int32)
    queries = Queries(users, nothing, nothing, nothing, targets, time, np.arange(3))
    return Retrieved(
        queries,
        np.array(LISTS, np.int32),
        random.standard_normal((3, 4)).astype(np.float32),
        random.standard_normal((10, 4)).astype(np.float32),
        {"user_id": np.array([[2], [3], [4]], np.int32)},
    )


def make_batches(retrieved: Retrieved, seed: int = 1, **ranking: Any) -> RankingBatches:
    config = RankingConfig.model_validate(
        {"retrieved_negatives": 20, "random_negatives": 30} | ranking
    )
    items = {"item_id": np.arange(10, dtype=np.int32)[:, np.newaxis]}

    def crosses(encoded: Any) -> dict[str, Any]:
        return {"pair": encoded["user_id"] * 100 + encoded["item_id"]}

    return RankingBatches(retrieved, items, TRAINED, crosses, config, seed)


def batch(batches: RankingBatches, step: int = 0) -> Any:
    found = batches.batch(tf.constant(step, tf.int64), {})
    return tf.nest.map_structure(lambda tensor: tensor.numpy(), found)


def lists_of(found: Any) -> dict[tuple[int, int], tuple[list[int], list[int]]]:
    """Negatives and which are usable, by (user row, positive)."""
    shape = found["usable"].shape
    users = found["encoded"]["user_id"].reshape(shape)
    items = found["encoded"]["item_id"].reshape(shape)
    assert (users == users[:, :1]).all()
    return {
        (int(u[0]), int(i[0])): (i[1:].tolist(), usable[1:].tolist())
        for u, i, usable in zip(users, items, found["usable"], strict=True)
    }


def test_every_positive_of_a_trained_item_comes_once_with_its_negatives(retrieved):
    batches = make_batches(retrieved)
    assert batches.num_examples == 4
    found = batch(batches)
    assert found["usable"].shape == (4, 1 + 20 + 30)
    assert found["encoded"]["item_id"].shape == (4 * 51, 1)
    assert set(lists_of(found)) == {(2, 2), (2, 4), (3, 3), (4, 5)}  # not (4, 8)


def test_the_positive_stands_first_and_counts(retrieved):
    assert (batch(make_batches(retrieved))["usable"][:, 0] == 1).all()


def test_retrieved_negatives_are_of_the_own_list_and_random_ones_were_trained(retrieved):
    for (user, _), (negatives, _) in lists_of(batch(make_batches(retrieved))).items():
        assert set(negatives[:20]) <= set(LISTS[user - 2])
        assert set(negatives[20:]) <= set(range(2, TRAINED))


def test_exactly_targets_and_padding_do_not_count(retrieved):
    """Every drawn negative, retrieved or random, against the targets of its own query."""
    seen = set()
    for step in range(5):
        for (user, _), (negatives, usable) in lists_of(
            batch(make_batches(retrieved), step)
        ).items():
            query = user - 2
            for item, counts in zip(negatives, usable, strict=True):
                assert counts == float(item > 0 and item not in TARGETS[query])
                seen.add((query, item))
    assert {(0, 4), (0, 2), (1, 3), (1, 0), (2, 5)} <= seen  # all of them were drawn


def test_an_untrained_target_in_a_list_is_masked_too(retrieved):
    """The last query's last target is not learned from, but it is no negative either."""
    lists = np.array([*LISTS[:2], [8, 8, 8, 7]], np.int32)
    queries, _, *rest = vars(retrieved).values()
    found = lists_of(batch(make_batches(Retrieved(queries, lists, *rest))))
    negatives, usable = found[4, 5]
    assert 8 in negatives
    assert all(
        counts == (item not in (5, 8)) for item, counts in zip(negatives, usable, strict=True)
    )


def test_the_retrieval_score_is_the_inner_product(retrieved):
    owners, items = np.array([0, 2, 2], np.int32), np.array([3, 9, 2], np.int32)
    found = make_batches(retrieved).encode(tf.constant(owners), tf.constant(items))
    expected = (retrieved.query_embeddings[owners] * retrieved.candidate_embeddings[items]).sum(
        axis=1, keepdims=True
    )
    np.testing.assert_allclose(found["retrieval_score"], expected, rtol=1e-6)


def test_crosses_are_of_the_pair(retrieved):
    found = make_batches(retrieved).encode(tf.constant([1, 2]), tf.constant([7, 5]))
    assert found["pair"].numpy().tolist() == [[307], [405]]


def test_a_batch_is_a_function_of_seed_and_step(retrieved):
    one, other = batch(make_batches(retrieved), 3), batch(make_batches(retrieved), 3)
    tf.nest.map_structure(np.testing.assert_array_equal, one, other)
    items = one["encoded"]["item_id"]
    assert not np.array_equal(items, batch(make_batches(retrieved), 4)["encoded"]["item_id"])
    assert not np.array_equal(
        items, batch(make_batches(retrieved, seed=2), 3)["encoded"]["item_id"]
    )


def test_each_epoch_visits_every_positive_once(retrieved):
    batches = make_batches(retrieved, training={"batch_size": 2})
    for epoch in range(3):
        parts = [lists_of(batch(batches, 2 * epoch + step)) for step in range(2)]
        assert len(parts[0] | parts[1]) == 4


@pytest.mark.parametrize("absent", ["retrieved_negatives", "random_negatives"])
def test_one_kind_of_negatives_is_enough(retrieved, absent):
    found = batch(make_batches(retrieved, **{absent: 0}))
    assert found["usable"].shape[1] in (21, 31)


def test_without_any_negatives_the_setting_is_refused():
    with pytest.raises(ValueError, match="`retrieved_negatives` or `random_negatives`"):
        RankingConfig(retrieved_negatives=0, random_negatives=0)


def test_the_latest_queries_are_held_out(retrieved):
    # Times 30, 10, 20: a third is the query at 30.
    training, held_out = _divide(retrieved, 1 / 3)
    assert held_out.queries.time.tolist() == [30]
    assert training.queries.time.tolist() == [10, 20]


def test_the_parts_are_disjoint_and_whole(retrieved):
    training, held_out = _divide(retrieved, 0.5)
    users = [*training.queries.user.tolist(), *held_out.queries.user.tolist()]
    assert sorted(users) == [2, 3, 4]
    assert training.lists.tolist() == [LISTS[user - 2] for user in training.queries.user]


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_a_part_without_queries_is_an_error_with_the_way_out(retrieved, share):
    with pytest.raises(DataError, match=r"there are 3.*`ranking.enabled: false`"):
        _divide(retrieved, share)


def test_lists_are_reordered_by_falling_score():
    lists = np.array([[5, 6, 7], [8, 9, 0]], np.int32)
    scores = np.array([[0.1, 0.9, 0.5], [0.2, 0.3, 9.0]], np.float32)
    assert reorder(lists, scores).tolist() == [[6, 7, 5], [9, 8, 0]]


def test_ties_keep_the_retrieved_order():
    lists = np.array([[5, 6, 7, 8]], np.int32)
    assert reorder(lists, np.array([[1, 2, 1, 2]], np.float32)).tolist() == [[6, 8, 5, 7]]
