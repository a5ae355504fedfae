"""A whole backtest of two steps and two policies on a tiny shop."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from rich.console import Console
from support.shop_log import shop_config, write_log
from support.training import assert_same_numbers, checkpoint

from configs.run import RunConfig
from tfrs_models.data.dataset import TEST
from tfrs_models.data.times import DAY
from trainers import evaluation
from trainers import run as whole_run
from trainers.folders import read_done
from trainers.retraining.backtest import models, score
from trainers.retraining.backtest.ground import Ground, config_at, survey
from trainers.retraining.backtest.models import TRAINED
from trainers.retraining.backtest.policies import parse_policies
from trainers.retraining.backtest.run import Backtest, backtest
from trainers.retraining.backtest.steps import Asked
from trainers.run import Trained

pytestmark = pytest.mark.slow
QUIET = Console(quiet=True)
ASKED = Asked(3 * DAY, 2)


class Learned(NamedTuple):
    """What a training learned, seen from beside it."""

    test_start: int
    latest: int
    tested_until: int


class Whole(NamedTuple):
    """A backtest, its config and folder, and what its trainings learned."""

    found: Backtest
    config: RunConfig
    folder: Path
    learned: list[Learned]


def spied(train: Any, learned: list[Learned]) -> Any:
    def spy(*arguments: Any) -> Trained:
        trained: Trained = train(*arguments)
        events = trained.material.dataset.events
        test = events.split == TEST
        edges = (events.time[test].min(), events.time[~test].max(), events.time.max())
        learned.append(Learned(*map(int, edges)))
        return trained

    return spy


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    folder = tmp_path_factory.mktemp("whole")
    log = write_log(folder / "log")
    config = shop_config(log, log / "events.parquet")
    learned: list[Learned] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models.run, "train", spied(models.run.train, learned))
        patch.setattr(models, "train_warm", spied(models.train_warm, learned))
        yield Whole(play(config, folder), config, folder, learned)


def play(config: RunConfig, folder: Path) -> Backtest:
    policies = parse_policies("never,3d-warm", ASKED.every)
    return backtest(config, policies, ASKED, folder, QUIET)


def ground(whole: Whole) -> Ground:
    return survey(whole.config, ASKED, whole.folder, QUIET)


def test_nothing_of_a_step_is_learned_before_it_is_scored(whole: Whole) -> None:
    assert len(whole.learned) == 2
    for seen, step in zip(whole.learned, whole.found.steps, strict=True):
        assert seen.latest < step.start <= seen.test_start
        assert seen.tested_until < step.end


def test_models_of_a_step_are_asked_for_the_same_users(whole: Whole) -> None:
    step = whole.found.steps[1].number
    never, warm = (whole.found.scores[plan[1].name, step] for plan in whole.found.plans.values())
    assert never.users.tolist() == warm.users.tolist()
    assert len(never.users) > 50
    assert (never.metrics["retrieval.ndcg@20"] != warm.metrics["retrieval.ndcg@20"]).any()


def test_a_new_model_scores_as_the_evaluation_of_a_run_does(whole: Whole) -> None:
    here = ground(whole)
    plan, [step, _] = whole.found.plans["never"], whole.found.steps
    config, folder = config_at(here, step), here.model(plan[0].name)
    trained = whole_run.train(config, whole.folder / "again", folder, QUIET)
    results = evaluation.Stages(trained, evaluation.test_queries(trained.material)).results()
    found = whole.found.scores[plan[0].name, step.number].metrics
    for result, stage in zip(results, ("retrieval", "two_stage"), strict=False):
        for metric in ("ndcg@20", "recall@20"):
            mean = result.values[metric].mean()
            assert found[f"{stage}.{metric}"].mean() == pytest.approx(mean, abs=1e-9)


def test_a_training_that_lost_its_record_ends_the_same(whole: Whole) -> None:
    here = ground(whole)
    name = whole.found.plans["3d-warm"][1].name
    folder = here.model(name)
    before = {part: checkpoint(folder / part / "latest") for part in ("retrieval", "ranking/model")}
    scores = here.scores(whole.found.plans["3d-warm"][1], whole.found.steps[1])
    for path in (folder / TRAINED / "done.json", folder / "retrieval" / "done.json", scores):
        path.unlink()
    again = play(whole.config, whole.folder)
    for part, numbers in before.items():
        assert_same_numbers(numbers, checkpoint(folder / part / "latest"))
    for key, one in whole.found.scores.items():
        for metric, values in one.metrics.items():
            np.testing.assert_array_equal(values, again.scores[key].metrics[metric])


def test_what_is_done_is_not_done_again(whole: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(models, "_train", fails)
    monkeypatch.setattr(score, "_scores", fails)
    assert play(whole.config, whole.folder).scores.keys() == whole.found.scores.keys()


def test_only_weights_and_features_of_a_training_are_kept(whole: Whole) -> None:
    here = ground(whole)
    assert not here.scratch.exists() or not list(here.scratch.iterdir())
    for name in whole.found.seconds:
        assert not (here.model(name) / "encoded").exists()
        assert read_done(here.model(name) / TRAINED)["seconds"] > 0
