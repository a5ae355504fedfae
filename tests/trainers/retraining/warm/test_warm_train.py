"""A model goes on learning: what it takes over, what it learns, how it resumes."""

import shutil
from collections.abc import Mapping
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
from tfrs_models.data.dataset import TRAIN, PreparedDataset
from tfrs_models.layers.stacked import StackedEmbedding
from trainers.retraining.warm.former_run import FormerRun, open_former
from trainers.retraining.warm.retrieval import former_two_tower
from trainers.retraining.warm.train import train_warm
from trainers.run import Trained, train

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


def go_on(config: RunConfig, former: FormerRun, artifacts: Path, folder: Path) -> Trained:
    def fresh(dataset: PreparedDataset) -> NDArray[np.bool_]:
        return np.asarray(dataset.events.time) >= former.trained_until

    return train_warm(config, WarmConfig(), former, fresh, artifacts, folder, QUIET)


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
    with pytest.raises(DataError, match=r"max_growth` = 0\.001.*--full"):
        train_warm(
            shop.config, settings, shop.former, lambda _: np.zeros(0), shop.folder, target, QUIET
        )
