from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console
from support.datasets import make_dataset
from support.ranking import ITEMS, examples
from support.training import make_material, quiet_watch

from configs.errors import DataError
from tfrs_models.backend import tf
from tfrs_models.data.dataset import TRAIN, VALIDATION
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.models.ranker import Ranker
from trainers.ranking.lists import score
from trainers.ranking.scoring import list_logits, reorder
from trainers.ranking.stage import build, train_ranking
from trainers.ranking.training import (
    Examples,
    _divide,
    calibrate,
    new_wide_deep,
    select,
    train_on_all,
)
from trainers.retrieval import new_two_tower

VECTORS = np.ones((ITEMS + 2, 4), np.float32)
LOOP = {"epochs": 3, "batch_size": 8, "steps_per_call": 5}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    material, encoder, windows, requests = examples(tmp_path_factory.mktemp("log"), training=LOOP)
    return material, encoder, Examples(windows, requests, VECTORS)


def test_an_untrained_ranker_keeps_the_retrieved_order(made):
    material, encoder, found = made
    model = new_wide_deep(material, encoder)
    build(model, encoder, material)
    for window, part in zip(found.windows, found.requests, strict=True):
        ranked = score(Ranker(model, encoder, {}, "positive"), window, part)
        np.testing.assert_array_equal(ranked.lists, part.lists)


def test_the_last_window_is_held_out(made):
    _, _, found = made
    learned, held_out = _divide(found, 0.25)
    assert learned.requests[0].queries.user.tolist() == found.requests[0].queries.user.tolist()
    assert len(learned.windows) == 2
    [window], [part] = held_out.windows, held_out.requests
    assert window.start == found.windows[2].start
    assert len(part) == len(found.requests[2])


def test_of_a_single_window_the_latest_requests_are_held_out(made):
    _, _, found = made
    only = Examples(found.windows[2:], found.requests[2:], VECTORS)
    learned, held_out = _divide(only, 0.25)
    assert len(held_out) == round(0.25 * len(only))
    assert learned.requests[0].queries.time.max() <= held_out.requests[0].queries.time.min()


@pytest.mark.parametrize("share", [0.001, 0.999])
def test_a_part_without_requests_is_an_error_with_the_way_out(made, share):
    _, _, found = made
    only = Examples(found.windows[2:], found.requests[2:], VECTORS)
    with pytest.raises(DataError, match=r"there are \d+.*`ranking.enabled: false`"):
        _divide(only, share)


def test_the_last_training_has_every_request_and_the_chosen_number_of_epochs(made, tmp_path):
    material, encoder, found = made
    watch = quiet_watch(tmp_path)
    _, chosen, _ = select(found, encoder, material, tmp_path / "select", watch)
    model, fitted = train_on_all(found, encoder, material, 2, tmp_path / "all", watch)
    assert chosen.epochs <= 3
    assert (fitted.epochs, fitted.best_epoch) == (2, 2)
    positives = sum(int(part.positive.sum()) for part in found.requests)
    assert int(model.optimizer.iterations) == 2 * (positives // 8)


def test_no_epoch_leaves_the_retrieved_order(made, tmp_path):
    material, encoder, found = made
    model, fitted = train_on_all(found, encoder, material, 0, tmp_path, quiet_watch(tmp_path))
    assert fitted.epochs == 0
    ranked = score(Ranker(model, encoder, {}, "positive"), found.windows[0], found.requests[0])
    np.testing.assert_array_equal(ranked.lists, found.requests[0].lists)


def test_pair_features_are_standardised_but_for_the_prior(made, tmp_path):
    material, encoder, found = made
    model, _ = train_on_all(found, encoder, material, 0, tmp_path, quiet_watch(tmp_path))
    assert (model.center.numpy()[0], model.spread.numpy()[0]) == (0.0, 1.0)
    assert (model.spread.numpy() > 0).all()
    place = encoder.pairs.names.index("retrieval_rank")
    assert model.center.numpy()[place] > 0


def test_the_offset_is_the_log_odds_of_the_labels(made, tmp_path):
    material, encoder, found = made
    model, _ = train_on_all(found, encoder, material, 0, tmp_path, quiet_watch(tmp_path))
    share = np.concatenate([part.positive[:, : part.retrieved] for part in found.requests]).mean()
    assert model.scaling.numpy()[0] == pytest.approx([np.log(share / (1 - share)), 1.0], rel=1e-5)


def test_a_task_that_is_given_another_starts_at_its_rate_under_it(tmp_path):
    """Every positive event is of the type `event`: of those who took an item, all did."""
    click = {"label": {"type": "positive"}}
    same = {"label": {"type": "positive"}, "given": "click"}
    tasks = {"click": click, "buy": same}
    material, encoder, windows, requests = examples(tmp_path, tasks=tasks, training=LOOP)
    found = Examples(windows, requests, VECTORS)
    model, _ = train_on_all(found, encoder, material, 0, tmp_path / "m", quiet_watch(tmp_path))
    assert model.scaling.numpy()[1, 0] == pytest.approx(
        np.log(1e6), rel=0.01
    )  # as near to 1 as goes


def test_calibrators_predict_the_rate_of_the_held_out_lists(made, tmp_path):
    material, encoder, found = made
    model, _, held_out = select(found, encoder, material, tmp_path, quiet_watch(tmp_path))
    calibrators = calibrate(model, held_out, encoder, material.config.ranking)
    predicted, true = [], []
    for window, part in zip(held_out.windows, held_out.requests, strict=True):
        logits = list_logits(model, window, part, encoder)()["positive"]
        predicted.append(calibrators["positive"].apply(tf.constant(logits)).numpy())
        true.append(part.positive[:, : part.retrieved])
    # Platt's targets are smoothed, so the means agree to about 1 / examples.
    assert np.mean(np.concatenate(predicted)) == pytest.approx(
        np.mean(np.concatenate(true)), abs=0.02
    )


def test_a_task_without_a_positive_is_named(tmp_path):
    tasks = {"positive": {}, "sold": {"label": {"type": "value"}, "objective": {"type": "binary"}}}
    material, encoder, windows, requests = examples(tmp_path, tasks=tasks, training=LOOP)
    with pytest.raises(DataError, match=r"`ranking.tasks.sold` has the label .*from 0 to 1"):
        select(
            Examples(windows, requests, VECTORS), encoder, material, tmp_path, quiet_watch(tmp_path)
        )


def test_statistics_that_are_not_finite_are_named(made, tmp_path):
    material, encoder, found = made
    broken = found.windows[0].statistics.copy()
    broken[3, 1] = np.nan
    windows = [replace(found.windows[0], statistics=broken), *found.windows[1:]]
    with pytest.raises(DataError, match="the statistic `events_3d` of item row 3 is nan"):
        select(
            Examples(windows, found.requests, VECTORS),
            encoder,
            material,
            tmp_path,
            quiet_watch(tmp_path),
        )


def test_more_batches_a_step_than_positives_is_an_error(tmp_path):
    training = {**LOOP, "accumulate_batches": 10_000}
    material, encoder, windows, requests = examples(tmp_path, training=training)
    with pytest.raises(DataError, match=r"the retrieval found \d+ of what they took"):
        select(
            Examples(windows, requests, VECTORS), encoder, material, tmp_path, quiet_watch(tmp_path)
        )


def test_the_ranker_needs_more_than_one_request(tmp_path):
    data = make_dataset(
        tmp_path / "data",
        ["ann", "ann", "ann", "bob", "bob"],
        ["a", "b", "c", "b", "c"],
        split=[TRAIN] * 4 + [VALIDATION],
    )
    material, encoder = make_material(data, tmp_path, ranking={"windows": 1})
    with pytest.raises(DataError, match=r"`ranking.enabled: false`"):
        _train(material, encoder, tmp_path / "ranking")


def test_a_restored_ranker_is_the_trained_one(tmp_path):
    """From the folder alone: weights, calibrators and formula."""
    material, encoder, windows, requests = examples(tmp_path, training=LOOP)
    first = _train(material, encoder.encoder, tmp_path / "ranking")
    again = _train(material, encoder.encoder, tmp_path / "ranking")
    for one, other in zip(first.model.weights, again.model.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    a, b = (score(ranker, windows[0], requests[0]).outputs for ranker in (first, again))
    for name in a:
        np.testing.assert_array_equal(a[name], b[name])


def _train(material, encoder: FeatureEncoder, folder) -> Ranker:
    model = new_two_tower(material)
    return train_ranking(model, 0, encoder, material, folder, Console(quiet=True))


def test_lists_are_reordered_by_falling_score():
    lists = np.array([[5, 6, 7], [8, 9, 0]], np.int32)
    scores = np.array([[0.1, 0.9, 0.5], [0.2, 0.3, 9.0]], np.float32)
    assert reorder(lists, scores).tolist() == [[6, 7, 5], [9, 8, 0]]


def test_ties_keep_the_retrieved_order():
    lists = np.array([[5, 6, 7, 8]], np.int32)
    assert reorder(lists, np.array([[1, 2, 1, 2]], np.float32)).tolist() == [[6, 8, 5, 7]]


def test_the_history_may_start_at_the_directions_of_the_retrieval(tmp_path):
    """Four items in two dimensions, of which the first varies more: one direction is kept."""
    training = {**LOOP, "epochs": 1}
    made = examples(tmp_path, training=training, initial_embeddings="retrieval", embedding_dim=1)
    material, encoder, windows, requests = made
    vectors = np.zeros((ITEMS + 2, 4), np.float32)
    vectors[2:6, 0], vectors[2:6, 1] = [3, -3, 1, -1], [0.1, 0.1, -0.1, -0.1]
    found = Examples(windows, requests, vectors)
    model, _ = train_on_all(found, encoder, material, 0, tmp_path / "m", quiet_watch(tmp_path))
    table = model.deep.history.table.numpy()[:, 0]
    assert table.std() == pytest.approx(0.05)
    assert table[2:6] / table[4] == pytest.approx([3, -3, 1, -1], rel=0.1)
