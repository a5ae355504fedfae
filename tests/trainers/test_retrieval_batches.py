from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.events import ANN, BOB, CY, W, X, Y, Z, many_events, three_users
from support.training import forget_items, make_material, with_times

from configs.errors import DataError
from configs.training import TrainingConfig
from tfrs_models.backend import tf
from tfrs_models.data.dataset import UNKNOWN_ROW
from trainers.positives import positives
from trainers.retrieval import Material
from trainers.retrieval_batches import RetrievalBatches

ALL = {"negatives": {"type": "all"}}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Material:
    folder = tmp_path_factory.mktemp("small")
    return make_material(three_users(folder / "data"), folder)[0]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Material:
    folder = tmp_path_factory.mktemp("large")
    return make_material(many_events(folder / "data"), folder)[0]


def make_batches(
    material: Material,
    seed: int = 1,
    causal: bool = False,
    repeats: bool = False,
    training: dict[str, Any] | None = None,
    **retrieval: Any,
) -> RetrievalBatches:
    config = material.config.retrieval
    raw = config.model_dump() | {"training": training or {}} | retrieval
    parsed = type(config).model_validate(raw)
    parts = (material.dataset, material.encoded, material.spec)
    return RetrievalBatches(*parts, parsed, causal, repeats, seed)


def batch(batches: RetrievalBatches, step: int = 0) -> Any:
    data, _ = batches.data(step)
    found = batches.batch(tf.constant(step, tf.int64), data)
    return tf.nest.map_structure(lambda tensor: tensor.numpy(), found)


def targets(found: Any) -> list[tuple[int, int, list[int]]]:
    """User, item id and history without padding of each target, sorted."""
    users = found["query"]["user_id"][found["window"], 0]
    items = found["candidates"]["item_id"][found["positive"], 0]
    histories = found["query"]["history"][found["window"]]
    lists = [[i for i in row if i] for row in histories.tolist()]
    return sorted(zip(users.tolist(), items.tolist(), lists, strict=True))


def test_a_batch_is_a_function_of_seed_and_step(large: Material) -> None:
    one, other = (make_batches(large, training={"batch_size": 4}) for _ in range(2))
    batch(one, 0)
    tf.nest.map_structure(np.testing.assert_array_equal, batch(one, 5), batch(other, 5))


def test_the_compiled_batch_is_the_eager_one(large: Material) -> None:
    batches = make_batches(large, training={"batch_size": 4})
    data, _ = batches.data(5)
    compiled = tf.function(batches.batch, autograph=False)(tf.constant(5, tf.int64), data)
    tf.nest.map_structure(np.testing.assert_array_equal, compiled, batch(batches, 5))


def test_an_epoch_visits_every_window_once(large: Material) -> None:
    # 12, 12 and 24 events in windows of 3: 4, 4 and 8.
    batches = make_batches(large, training={"batch_size": 4})
    assert batches.steps_per_epoch == 4
    for epoch in range(3):
        steps = range(epoch * 4, epoch * 4 + 4)
        users = np.concatenate([batch(batches, step)["query"]["user_id"] for step in steps])
        assert np.bincount(users.ravel()).tolist() == [0, 0, 4, 4, 8]


def test_epochs_and_seeds_have_their_own_order(large: Material) -> None:
    orders = [
        [batch(b, step)["query"]["user_id"].ravel().tolist() for step in steps]
        for b, steps in (
            (make_batches(large, training={"batch_size": 4}), range(4)),
            (make_batches(large, training={"batch_size": 4}), range(4, 8)),
            (make_batches(large, seed=2, training={"batch_size": 4}), range(4)),
        )
    ]
    assert orders[0] != orders[1]
    assert orders[0] != orders[2]


def test_an_incomplete_last_batch_is_left_out(large: Material) -> None:
    assert make_batches(large, training={"batch_size": 7}).steps_per_epoch == 2


def test_a_batch_larger_than_the_data_is_all_of_them(small: Material) -> None:
    batches = make_batches(small, training={"batch_size": 1_000})
    # ann's four events are two windows of three places.
    assert (batches.batch_size, batches.steps_per_epoch) == (4, 1)
    assert sorted(batch(batches)["query"]["user_id"].ravel()) == [ANN, ANN, BOB, CY]


def test_steps_of_several_batches_fill_the_epoch(large: Material) -> None:
    batches = make_batches(large, training={"batch_size": 4, "accumulate_batches": 3})
    assert batches.steps_per_epoch == 3
    batches = make_batches(large, training={"batch_size": 1_000, "accumulate_batches": 3})
    assert (batches.batch_size, batches.steps_per_epoch) == (5, 3)


def test_more_batches_a_step_than_histories_are_refused(small: Material) -> None:
    with pytest.raises(DataError, match=r"`retrieval.training.accumulate_batches` \(9\).*4"):
        make_batches(small, training={"accumulate_batches": 9})


def test_parts_of_the_data_train_on_the_same_windows(large: Material) -> None:
    """12 events at a time: every user is a part of their own, and every window comes once."""
    batches = make_batches(large, training={"batch_size": 4, "resident_events": 12})
    assert batches.steps_per_epoch == 1 + 1 + 2
    users, ends = [], set()
    for step in range(4):
        _, last = batches.data(step)
        ends.add(last)
        users.append(set(batch(batches, step)["query"]["user_id"].ravel().tolist()))
    assert all(len(found) == 1 for found in users)
    assert sorted(user for found in users for user in found) == [2, 3, 4, 4]
    assert len(ends) == 3
    assert max(ends) == 4


def test_a_random_history_and_its_targets_make_up_the_window(small: Material) -> None:
    for step in range(20):
        for user, item, history in targets(batch(make_batches(small), step)):
            taken = {ANN: {W, X, Y, Z}, BOB: {X, Y}, CY: {Z}}[user]
            assert set(history) <= taken
            assert item in taken
            assert item not in history


def test_what_was_seen_and_left_alone_is_neither_history_nor_target(small: Material) -> None:
    found = [t for step in range(20) for t in targets(batch(make_batches(small), step))]
    assert {item for user, item, _ in found if user == BOB} == {X, Y}


def test_a_past_history_holds_strictly_earlier_items(small: Material) -> None:
    batches = make_batches(small, history_sampling="past")
    allowed = {
        # Windows of three of ann's x | y z | w, cut at a moment.
        ANN: {(X, ()), (Y, ()), (Z, ()), (Y, (X,)), (Z, (X,)), (W, ()), (W, (Y, Z))},
        BOB: {(X, ()), (Y, ()), (Y, (X,))},
        CY: {(Z, ())},
    }
    found = {t for step in range(60) for t in map(frozen, targets(batch(batches, step)))}
    assert found == {(user, *pair) for user, pairs in allowed.items() for pair in pairs}


def frozen(target: tuple[int, int, list[int]]) -> tuple[int, int, tuple[int, ...]]:
    return target[0], target[1], tuple(target[2])


def visible_histories(found: Any) -> set[tuple[int, int, tuple[int, ...]]]:
    """User, item and what came before it, for each target of a causal batch."""
    return {
        (user, item, tuple(history[:seen]))
        for (user, item, history), seen in zip(
            list(unsorted(found)), found["visible"].tolist(), strict=True
        )
    }


def unsorted(found: Any) -> list[tuple[int, int, list[int]]]:
    users = found["query"]["user_id"][found["window"], 0].tolist()
    items = found["candidates"]["item_id"][found["positive"], 0].tolist()
    histories = found["query"]["history"][found["window"]].tolist()
    return list(zip(users, items, histories, strict=True))


def test_a_causal_encoder_learns_from_every_place(small: Material) -> None:
    found = visible_histories(batch(make_batches(small, causal=True)))
    # Windows of four places hold everything.
    assert found == {
        (ANN, X, ()),
        (ANN, Y, (X,)),
        (ANN, Z, (X,)),
        (ANN, W, (X, Y, Z)),
        (BOB, X, ()),
        (BOB, Y, (X,)),
        (CY, Z, ()),
    }


def test_a_microsecond_decides_what_came_before(small: Material) -> None:
    """z moves to just after y: z's history gains y, and nothing else may change."""
    moved = small.dataset.events.time.copy()
    moved[2] += 1
    later = replace(small, dataset=with_times(small.dataset, moved))
    before = visible_histories(batch(make_batches(small, causal=True)))
    after = visible_histories(batch(make_batches(later, causal=True)))
    assert before - after == {(ANN, Z, (X,))}
    assert after - before == {(ANN, Z, (X, Y))}


def test_windows_stay_inside_the_user_and_reach_both_ends(large: Material) -> None:
    batches = make_batches(large, training={"batch_size": 16})
    starts: dict[int, set[int]] = {2: set(), 3: set(), 4: set()}
    offsets = positives(large.dataset, None).offsets
    for step in range(60):
        data, _ = batches.data(step)
        chosen, window = batches._windows(tf.constant(step, tf.int64), data)
        assert window.inside.numpy().all()  # everyone has more than three
        users = data["user"].numpy()[chosen.numpy()]
        for user, place in zip(users.tolist(), window.place.numpy(), strict=True):
            assert place.tolist() == [place[0], place[0] + 1, place[0] + 2]
            starts[user].add(int(place[0] - offsets[user - 2]))
    assert starts == {2: set(range(10)), 3: set(range(10)), 4: set(range(22))}


def test_a_target_carries_its_own_context_and_weight(large: Material) -> None:
    batches = make_batches(large, recency_half_life_days=1e-5)
    found = batch(batches)
    learned = positives(large.dataset, 1e-5)
    hours = large.encoded.context["hour"][learned.event, 0]
    weights = {
        (int(u), int(i), int(h), float(w))
        for u, i, h, w in zip(
            np.repeat(learned.users, np.diff(learned.offsets)),
            learned.item,
            hours,
            learned.weight,
            strict=True,
        )
    }
    rows = zip(unsorted(found), found["context"]["hour"][:, 0], found["weight"], strict=True)
    assert {(u, i, int(h), float(w)) for (u, i, _), h, w in rows} <= weights


def test_the_context_is_that_of_the_event(small: Material) -> None:
    found = batch(make_batches(small, causal=True))
    hours = found["context"]["hour"][:, 0]
    users = found["query"]["user_id"][found["window"], 0]
    # cy's event is at 1970-01-01 01:00, all others within the hour 0.
    assert set(hours[users == CY]) == {small.encoded.context["hour"][7, 0]}
    assert set(hours[users != CY]) == {small.encoded.context["hour"][0, 0]}
    assert small.encoded.context["hour"][7, 0] != small.encoded.context["hour"][0, 0]


def test_negatives_leave_out_all_of_the_users_own_items(small: Material) -> None:
    found = batch(make_batches(small, **ALL))
    rows = found["candidates"]["item_id"][found["negative"], 0]
    assert rows.tolist() == [W, X, Y, Z]
    users = found["query"]["user_id"].ravel().tolist()
    usable = {user: rows[row].tolist() for user, row in zip(users, found["usable"], strict=True)}
    # A window holds three of ann's four items, but all four are hers.
    assert usable == {ANN: [], BOB: [W, Z], CY: [W, X, Y]}


def test_candidates_stand_there_once(large: Material) -> None:
    found = batch(make_batches(large, training={"batch_size": 8}))
    ids = found["candidates"]["item_id"][:, 0].tolist()
    assert len(ids) == len(set(ids))
    assert found["num_items"] == 8


def test_items_out_of_the_vocabulary_train_as_unknown_and_are_no_history(tmp_path: Path) -> None:
    dataset = forget_items(three_users(tmp_path / "data"), 1)  # z
    material = make_material(dataset, tmp_path)[0]
    found = visible_histories(batch(make_batches(material, causal=True)))
    assert (CY, UNKNOWN_ROW, ()) in found
    assert (ANN, W, (X, Y, 0)) in found


def test_without_a_history_length_there_is_no_history(tmp_path: Path) -> None:
    history = {"history": {"max_length": 0}}
    material = make_material(three_users(tmp_path / "data"), tmp_path, features=history)[0]
    found = batch(make_batches(material))
    assert "history" not in found["query"]
    assert len(found["positive"]) == 7


def test_a_history_carries_types_and_gaps(tmp_path: Path) -> None:
    carried = {"max_length": 3, "event_types": True, "time_gaps": True}
    dataset = three_users(tmp_path / "data")
    types = np.arange(10, dtype=np.int8) % 2
    dataset = replace(
        dataset, event_types=("view", "buy"), events=replace(dataset.events, type=types)
    )
    material = make_material(dataset, tmp_path, features={"history": carried})[0]
    found = batch(make_batches(material, causal=True))
    row = found["query"]["user_id"].ravel().tolist().index(ANN)
    assert found["query"]["history"][row].tolist() == [X, Y, Z]
    assert found["query"]["history_type"][row].tolist() == [2, 3, 2]
    # 10 s, 0 s and 10 s to the next event: ids 5, 1 and 5.
    assert found["query"]["history_gap"][row].tolist() == [5, 1, 5]
    row = found["query"]["user_id"].ravel().tolist().index(CY)
    assert found["query"]["history_gap"][row].tolist() == [0, 0, 0]  # nothing followed


def test_earlier_batches_are_found_again(large: Material) -> None:
    cross = {"negatives": {"type": "cross_batch", "options": {"batches": 1}}}
    batches = make_batches(large, training={"batch_size": 2}, **cross)
    before = batch(batches, 3)
    items = {item for _, item, history in unsorted(before) for item in (item, *history) if item}
    found = batch(batches, 4)
    drawn = set(found["candidates"]["item_id"][found["negative"], 0].tolist())
    assert items <= drawn


@pytest.mark.parametrize("source", ["uniform", "in_batch", "mixed", "cross_batch", "hard", "all"])
def test_every_source_of_negatives_works_in_a_batch(large: Material, source: str) -> None:
    batches = make_batches(large, negatives={"type": source}, training={"batch_size": 4})
    batches.refresh(lambda k: np.full((large.dataset.num_users, k), X, np.int32))
    found = batch(batches, 1)
    assert found["usable"].shape == (4, len(found["negative"]))
    assert np.isfinite(found["log_expected"]).all()


def test_training_settings_do_not_reach_the_order(large: Material) -> None:
    other = TrainingConfig(learning_rate=0.5).model_dump()
    first, second = (make_batches(large, training=t) for t in (None, other))
    tf.nest.map_structure(np.testing.assert_array_equal, batch(first, 2), batch(second, 2))
