"""A model goes on learning: what it takes over, what it learns, how it resumes."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console
from support.shop_log import first_days, shop_config, write_log
from support.training import assert_same_numbers, checkpoint

from configs.errors import DataError
from configs.retraining import WarmConfig
from configs.run import RunConfig
from tfrs_models.backend import tf
from tfrs_models.data.dataset import TRAIN, PreparedDataset
from tfrs_models.layers.stacked import StackedEmbedding
from trainers.retraining.warm.former_run import FormerRun, open_former
from trainers.retraining.warm.retrieval import former_two_tower
from trainers.retraining.warm.train import train_warm
from trainers.retraining.warm.weights import Saved
from trainers.run import Trained, prepared, train

QUIET = Console(quiet=True)


class Shop(NamedTuple):
    """A run on 24 days, and one that goes on with 30."""

    folder: Path
    old: Trained
    former: FormerRun
    config: RunConfig
    warm: Trained


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("shop")
    shop_log = write_log(folder / "log")
    before = shop_config(shop_log, first_days(shop_log, 24, folder))
    old = train(before, folder, folder / "old", QUIET)
    events = old.material.dataset.events
    former = open_former(folder / "old", int(events.time[events.split != TRAIN].min()))
    config = shop_config(shop_log, first_days(shop_log, 30, folder))
    warm = go_on(config, former, folder, folder / "warm")
    return Shop(folder, old, former, config, warm)


def go_on(
    config: RunConfig,
    former: FormerRun,
    artifacts: Path,
    folder: Path,
    fresh: Callable[[PreparedDataset], NDArray[np.bool_]] | None = None,
) -> Trained:
    """Learn the events since the former run, or other ones."""

    def since(dataset: PreparedDataset) -> NDArray[np.bool_]:
        return np.asarray(dataset.events.time) >= former.trained_until

    made = prepared(config, artifacts, folder, QUIET, former.parent)
    new = (fresh or since)(made[0].dataset)
    return train_warm(former, made, new, WarmConfig(), folder, QUIET)


def up_to_date(former: FormerRun) -> FormerRun:
    """A run that has learned all there is."""
    return replace(former, trained_until=2**62)


@pytest.fixture(scope="module")
def idle(shop: Shop) -> Trained:
    """What a run leaves that has nothing to learn, though ids have come."""
    return go_on(shop.config, up_to_date(shop.former), shop.folder, shop.folder / "idle")


def trained_numbers(folder: Path) -> Mapping[str, Any]:
    """All weights and slots of both stages."""
    stages = {"retrieval": folder / "retrieval", "ranking": folder / "ranking" / "model"}
    return {
        f"{stage}/{name}": values
        for stage, place in stages.items()
        for name, values in checkpoint(place / "latest").items()
    }


def test_the_catalogue_has_grown_behind_the_known_rows(shop: Shop) -> None:
    old, new = shop.old.material.dataset, shop.warm.material.dataset
    assert new.known_items > old.known_items
    lines = shop.warm.material.spec.vocabulary("item_id").read_text().splitlines()
    before = shop.old.material.spec.vocabulary("item_id").read_text().splitlines()
    assert lines[: len(before)] == before


def test_the_grown_model_embeds_known_items_as_before(shop: Shop) -> None:
    grown = former_two_tower(shop.former, shop.warm.material)
    known = slice(0, shop.old.material.dataset.known_items)
    items = {name: column[known] for name, column in shop.old.material.encoded.item.items()}
    again = {name: column[known] for name, column in shop.warm.material.encoded.item.items()}
    for name, column in items.items():
        np.testing.assert_array_equal(column, again[name])
    np.testing.assert_array_equal(
        grown.embed_candidate(again), shop.old.two_tower.embed_candidate(items)
    )


def test_no_table_of_the_retrieval_holds_several_features(shop: Shop) -> None:
    ranker = shop.warm.ranker
    assert ranker is not None
    assert any(isinstance(one, StackedEmbedding) for one in ranker.model.submodules)
    assert not any(isinstance(one, StackedEmbedding) for one in shop.warm.two_tower.submodules)


def test_a_new_item_is_its_content(shop: Shop) -> None:
    grown = former_two_tower(shop.former, shop.warm.material)
    row = shop.old.material.dataset.known_items
    item = {name: column[row : row + 1] for name, column in shop.warm.material.encoded.item.items()}
    unknown = item | {"item_id": np.ones((1, 1), np.int32)}
    np.testing.assert_array_equal(grown.embed_candidate(item), grown.embed_candidate(unknown))


def test_both_stages_have_learned(shop: Shop) -> None:
    ranking = shop.former.ranking
    assert ranking is not None
    for before, model in (
        (shop.former.retrieval, shop.warm.two_tower),
        (ranking.saved, shop.warm.ranker.model),
    ):
        pairs = zip(before.weights, model.trainable_variables, strict=False)
        same = [np.array_equal(a, b.numpy()[: len(a)]) for a, b in pairs if a.ndim]
        assert not all(same)


def test_a_run_that_lost_its_last_stage_ends_the_same(shop: Shop) -> None:
    again = shop.folder / "again"
    shutil.copytree(shop.folder / "warm", again)
    shutil.rmtree(again / "retrieval")
    go_on(shop.config, shop.former, shop.folder, again)
    assert_same_numbers(trained_numbers(shop.folder / "warm"), trained_numbers(again))


def test_too_many_new_ids_are_refused(shop: Shop) -> None:
    settings = WarmConfig(max_growth=0.001)
    target = shop.folder / "grown"
    made = prepared(shop.config, shop.folder, target, QUIET, shop.former.parent)
    with pytest.raises(DataError, match=r"max_growth` = 0\.001.*raise the setting.*--full"):
        train_warm(shop.former, made, np.zeros(0, np.bool_), settings, target, QUIET)


def test_a_run_with_nothing_new_leaves_every_known_row_of_the_retrieval(
    shop: Shop, idle: Trained
) -> None:
    dataset, former = idle.material.dataset, shop.old.material.dataset
    assert dataset.known_users > former.known_users
    assert dataset.known_items > former.known_items
    after = open_former(shop.folder / "idle", 0).retrieval
    assert_known_rows_stay(shop.former.retrieval, after, [["user_id"], ["item_id"]])


def test_a_run_with_nothing_new_leaves_every_known_row_of_the_ranker(
    shop: Shop, idle: Trained
) -> None:
    stages = (shop.former.ranking, open_former(shop.folder / "idle", 0).ranking)
    before, after = (stage.saved for stage in stages if stage is not None)
    assert idle.ranker is not None
    modules = idle.ranker.model.submodules
    stacks = [list(one.first_rows) for one in modules if isinstance(one, StackedEmbedding)]
    assert ["user_id", "hour"] in stacks
    assert ["item_id", "category", "user_category"] in stacks
    assert_known_rows_stay(before, after, [*stacks, ["item_id"]])


def assert_known_rows_stay(before: Saved, after: Saved, tables: Sequence[Sequence[str]]) -> None:
    """Weights and slots are bit-equal, but for new rows behind those of each feature.

    Args:
        before: what is known.
        after: what it became.
        tables: the features of each table that may have grown, in the order of their rows.
    """
    pairs = zip([*before.weights, *before.slots], [*after.weights, *after.slots], strict=True)
    for was, now in pairs:
        if was.shape == now.shape:
            np.testing.assert_array_equal(now, was)
            continue
        sizes = (len(was), len(now))
        names = next(one for one in tables if sizes == (rows(before, one), rows(after, one)))
        known, grown = parts(before, names, was), parts(after, names, now)
        for name, old, new in zip(names, known, grown, strict=True):
            np.testing.assert_array_equal(new[: len(old)], old, name)


def rows(saved: Saved, names: Sequence[str]) -> int:
    return sum(saved.num_ids[name] for name in names)


def parts(saved: Saved, names: Sequence[str], values: NDArray[Any]) -> list[NDArray[Any]]:
    return np.split(values, np.cumsum([saved.num_ids[name] for name in names])[:-1])


def test_a_run_with_nothing_new_scores_known_pairs_as_before(shop: Shop, idle: Trained) -> None:
    known = shop.old.material.dataset
    for number in range(known.known_users // 10):
        users = np.arange(10 * number, 10 * number + 10)
        items = np.arange(known.known_items)
        before, after = (logits(one, users, items) for one in (shop.old, idle))
        np.testing.assert_array_equal(before, after)


def logits(trained: Trained, users: NDArray[Any], items: NDArray[Any]) -> NDArray[np.float32]:
    """What the ranker gives to all pairs, with the first hour and two items as history."""
    ranker, encoded = trained.ranker, trained.material.encoded
    assert ranker is not None
    query = {name: tf.constant(column[users]) for name, column in encoded.user.items()}
    query["hour"] = tf.fill([len(users), 1], 2)
    query["history"] = tf.constant([[3, 7]] * len(users))
    of_items = {
        name: tf.constant(np.repeat(encoded.item[name][items][np.newaxis], len(users), axis=0))
        for name in ranker.encoder.item_names
    }
    pairs = tf.zeros([len(users), len(items), len(ranker.encoder.pairs.names)])
    found = ranker.model.logits(query, ranker.encoder.candidates(query, of_items, pairs))
    return np.stack([one.numpy() for one in found.values()])


def test_a_run_with_nothing_new_is_restored_as_it_is(shop: Shop, idle: Trained) -> None:
    again = go_on(shop.config, up_to_date(shop.former), shop.folder, shop.folder / "idle")
    assert_same_weights(again, idle)


def assert_same_weights(one: Trained, other: Trained) -> None:
    variables = (trained.two_tower.trainable_variables for trained in (one, other))
    for a, b in zip(*variables, strict=True):
        np.testing.assert_array_equal(a, b)


def test_without_a_ranker_nothing_new_is_no_error_either(shop: Shop, idle: Trained) -> None:
    alone = replace(up_to_date(shop.former), ranking=None)
    ended = go_on(shop.config, alone, shop.folder, shop.folder / "alone")
    assert ended.ranker is None
    assert_same_weights(ended, idle)


@pytest.mark.usefixtures("idle")
def test_events_that_came_late_are_learned_by_the_retrieval_alone(shop: Shop) -> None:
    def late(dataset: PreparedDataset) -> NDArray[np.bool_]:
        found = np.zeros(len(dataset.events), np.bool_)
        found[np.flatnonzero(dataset.events.learned)[:5]] = True
        return found

    target = shop.folder / "late"
    go_on(shop.config, up_to_date(shop.former), shop.folder, target, late)
    for name, stays in (("retrieval", False), ("ranking/model", True)):
        before = checkpoint(shop.folder / "idle" / name / "latest")
        after = checkpoint(target / name / "latest")
        assert all(np.array_equal(before[one], after[one]) for one in before) == stays
