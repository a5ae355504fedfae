"""A bundle that is asked as a server asks it answers as the models do in memory."""

import math
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console
from support.datasets import make_dataset
from support.retraining import Shop, open_shop
from support.training import make_material

from configs.load import changed
from exports.loader import Input
from exports.runs import BUNDLE
from tfrs_models.data.dataset import TEST, TRAIN, VALIDATION
from tfrs_models.evaluation.queries import Queries, build_queries, training_queries
from trainers.ranking.lists import ranked
from trainers.ranking.windows import window_of_test
from trainers.retraining.ask import RawQueries, ask_bundle, item_ids, open_bundle
from trainers.retraining.contest import loads
from trainers.retraining.intake.log_config import log_config
from trainers.retraining.ledger.database import open_ledger
from trainers.retraining.ledger.shards import in_log
from trainers.retraining.timed import answer_times
from trainers.run import Trained, train

QUIET = Console(quiet=True)
K = 20


FEATURES = {
    # Columns that are not stored as a model takes them: times, and several values in a text.
    "features.user": {
        "user_id": {"type": "categorical"},
        "joined": {"type": "timestamp", "part": "weekday", "column": "joined_at"},
        "ages": {"type": "multi_valued", "separator": "-", "column": "age_group"},
    },
}


class Asked(NamedTuple):
    """A run's models, its bundle, and the answers of both to the same queries."""

    trained: Trained
    bundle: Path
    queries: Queries
    answers: NDArray[np.int32]
    expected: NDArray[np.int32]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    shop: Shop = open_shop(tmp_path_factory.mktemp("shop"))
    shop.bring(0, 24)
    given = changed(shop.config(), FEATURES)
    ended = shop.retrain(given)
    state = shop.artifacts / "retraining" / "shop"
    with closing(open_ledger(state / "ledger.db")) as ledger:
        config = log_config(given, state / "log", in_log(ledger))
    folder = state / "runs" / ended.run_id
    trained = train(config, state, folder, QUIET)
    queries = build_queries(trained.material.dataset, TEST, config.evaluation, config.seed)
    window = window_of_test(trained.material)
    lists = ranked(trained.ranker, trained.two_tower, window, queries).lists[:, :K]
    dataset = trained.material.dataset
    seen = config.evaluation.exclude_seen
    with open_bundle(folder / BUNDLE, dataset, K, seen) as bundle:
        answers = ask_bundle(bundle, queries)
    return Asked(trained, folder / BUNDLE, queries, answers, lists)


def test_the_lists_are_those_of_the_models_in_memory(asked: Asked) -> None:
    # Features, histories, exclusions, statistics and scores all agree, or lists would differ.
    # Unknown items of one category have equal scores, and equal ones may change places.
    known = asked.trained.material.dataset.known_items
    mine, theirs = (np.where(x < known, x, 0) for x in (asked.answers, asked.expected))
    same = (mine == theirs).all(axis=1)
    assert same.mean() > 0.97


def test_what_a_user_has_seen_is_in_no_list(asked: Asked) -> None:
    for seen, answered in zip(
        np.split(asked.queries.seen.items, asked.queries.seen.indptr[1:-1]),
        asked.answers,
        strict=True,
    ):
        assert not set(seen.tolist()) & set(answered.tolist())


def test_what_is_asked_without_is_in_no_list(asked: Asked) -> None:
    dataset = asked.trained.material.dataset
    queries, before = asked.queries.take(np.arange(20)), asked.answers[:20]
    most = int(np.bincount(before.ravel()).argmax())
    with open_bundle(asked.bundle, dataset, K, exclude_seen=True) as bundle:
        answers = ask_bundle(bundle, queries, [item_ids(dataset)[most]])
    assert (before == most).any()
    assert not (answers == most).any()
    # Others move up.
    assert (answers > 0).all()


def test_items_that_the_dataset_does_not_know_are_no_item(asked: Asked) -> None:
    dataset = asked.trained.material.dataset
    ids = item_ids(dataset)
    assert ids[:2] == ["", ""]
    assert len(ids) == dataset.num_items


def test_a_column_that_sounds_like_a_filter_is_the_users(asked: Asked) -> None:
    dataset = asked.trained.material.dataset
    inputs = {"only_child": Input("string", (None,)), "only_genres": Input("string", (None, None))}
    spec = asked.trained.material.spec
    raw = RawQueries(inputs, spec, dataset, item_ids(dataset), K, exclude_seen=True)
    rows = raw.inputs(asked.queries.take(np.arange(3)))
    # The shop knows nothing of children, so the column is missing.
    assert rows["only_child"].tolist() == ["", "", ""]
    assert rows["only_genres"].tolist() == [[""], [""], [""]]


def test_a_history_is_the_latest_items_that_the_model_knows(tmp_path: Path) -> None:
    # Training never saw "new"; the model reads three items. The events are a second apart.
    split = [TRAIN, TRAIN, TRAIN, VALIDATION, TRAIN]
    dataset = make_dataset(tmp_path / "data", ["x"] * 5, ["a", "b", "c", "new", "d"], split=split)
    spec = make_material(dataset, tmp_path)[0].spec
    inputs = {
        "history": Input("string", (None, None)),
        "history_time": Input("int64", (None, None)),
    }
    raw = RawQueries(inputs, spec, dataset, item_ids(dataset), K, exclude_seen=True)
    rows = raw.inputs(training_queries(dataset, np.arange(5)))
    assert rows["history"].tolist() == [["b", "c", "d"]]
    assert rows["history_time"].tolist() == [[1, 2, 4]]


def test_requests_take_some_milliseconds_of_each_bundle(asked: Asked) -> None:
    dataset = asked.trained.material.dataset
    with open_bundle(asked.bundle, dataset, K, exclude_seen=True) as bundle:
        times = answer_times([bundle] * 2, asked.queries, enough=math.inf)
    assert len(times) == 2
    assert all(0 < one < 1_000 for one in times)


def test_a_whole_bundle_passes_and_a_changed_one_does_not(asked: Asked, tmp_path: Path) -> None:
    assert loads(asked.bundle).passed
    (tmp_path / "bundle").mkdir()
    check = loads(tmp_path / "bundle")
    assert not check.passed
    assert "the bundle is refused" in check.sentence
