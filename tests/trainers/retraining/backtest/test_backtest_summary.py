"""Means, paired differences, cost and the worth of freshness, by hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from support.backtests import Calls, play

from configs.errors import DataError
from tfrs_models.data.times import DAY
from tfrs_models.evaluation.intervals import Bootstrap, Interval
from trainers.retraining.backtest.page import PAGE
from trainers.retraining.backtest.paired import paired
from trainers.retraining.backtest.report import JSON, write_report
from trainers.retraining.backtest.run import Backtest
from trainers.retraining.backtest.schedule import full
from trainers.retraining.backtest.scores import Scores, load_scores, save_scores
from trainers.retraining.backtest.steps import Asked, Step
from trainers.retraining.backtest.summary import Summary, summarize
from trainers.retraining.backtest.table import table

NDCG = "two_stage.ndcg@20"


def scored(users: str, *values: float) -> Scores:
    """One metric of users of one letter each."""
    return Scores(np.array([*users], object), {"x": np.array(values)})


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Backtest:
    """Four days; a made-up model has .9 when it is new and loses .1 a day."""
    folder = tmp_path_factory.mktemp("found")
    return play(folder, "never,daily-warm,2d-full", Asked(DAY, 4), Calls())


@pytest.fixture(scope="module")
def summary(found: Backtest) -> Summary:
    return summarize(found)


def test_the_mean_of_a_policy_is_over_all_queries(summary: Summary) -> None:
    means = [policy.means[NDCG] for policy in summary.policies]
    # Ages 0 1 2 3; 0 0 0 0; 0 1 0 1.
    assert means == pytest.approx([(0.9 + 0.8 + 0.7 + 0.6) / 4, 0.9, 0.85])
    assert [policy.queries for policy in summary.policies] == [16, 16, 16]


def test_the_first_policy_is_what_the_others_are_compared_with(summary: Summary) -> None:
    never, warm, half = summary.policies
    assert never.differences == {}
    # All users agree, so resampling them changes nothing.
    for policy, difference in ((warm, 0.15), (half, 0.10)):
        one = policy.differences[NDCG]
        assert (one.mean, one.low, one.high) == pytest.approx((difference,) * 3)


def test_a_policy_costs_all_of_its_trainings(summary: Summary) -> None:
    # Ten seconds for a full training, three for a warm one; the first is shared, and counted.
    assert [list(policy.seconds) for policy in summary.policies] == [
        [10.0], [10.0, 3.0, 3.0, 3.0], [10.0, 10.0]
    ]  # fmt: skip


def test_the_age_of_a_policys_model_is_a_mean_over_the_steps(summary: Summary) -> None:
    assert [policy.age_days for policy in summary.policies] == [1.5, 0.0, 0.5]


def test_freshness_compares_with_a_new_model_of_the_same_step(summary: Summary) -> None:
    ages = {one.age_days: one for one in summary.freshness}
    assert list(ages) == [0, 1, 2, 3]
    assert [ages[age].means[NDCG] for age in ages] == pytest.approx([0.9, 0.8, 0.7, 0.6])
    # The daily model is new in every step.
    assert [ages[age].differences[NDCG].mean for age in (1, 2, 3)] == pytest.approx(
        [-0.1, -0.2, -0.3]
    )
    # Of age 1: the common one at step 2, that of 2d-full at step 4.
    assert (ages[1].steps, ages[1].queries) == (2, 8)


def test_new_models_are_compared_with_none(summary: Summary) -> None:
    # At step 3 there is a warm and a full one.
    assert summary.freshness[0].differences == {}
    assert summary.freshness[0].compared == []


def test_an_old_model_is_compared_with_a_new_one_of_its_kind(summary: Summary) -> None:
    # All old ones are full. Only at step 3, where 2d-full begins anew, is there a new full one.
    compared = {one.age_days: one.compared for one in summary.freshness[1:]}
    assert compared == {1: ["full with warm"], 2: ["full with full"], 3: ["full with warm"]}


def test_an_old_model_that_went_on_is_compared_with_a_new_one_that_did(tmp_path: Path) -> None:
    names = "2d-warm,daily-warm,daily-full"
    found = summarize(play(tmp_path, names, Asked(DAY, 4), Calls()))
    # At step 2 the common full one is old, at step 4 that of 2d-warm.
    assert found.freshness[1].compared == ["full with full", "warm with warm"]


def test_metrics_of_the_last_stage_come_first(summary: Summary) -> None:
    assert list(summary.metrics) == [
        "two_stage.ndcg@20", "two_stage.recall@20", "retrieval.ndcg@20", "retrieval.recall@20"
    ]  # fmt: skip


def test_users_are_resampled_with_all_their_queries() -> None:
    mine, other = scored("ab", 1.0, 0.0), scored("ab", 0.0, 0.0)
    [one] = paired([mine, mine], [other, other], Bootstrap(1000, 1)).values()
    # Two users: a resample holds the first one never, once or twice.
    assert one == Interval(0.5, 0.0, 1.0)


def test_without_resamples_there_are_no_bounds() -> None:
    found = paired([scored("ab", 1.0, 0.0)], [scored("ab", 0.0, 0.0)], Bootstrap(0, 1))
    assert found == {"x": Interval(0.5)}


def test_scores_of_other_users_are_not_compared() -> None:
    with pytest.raises(DataError, match="the same queries in the same order"):
        paired([scored("ab", 1.0, 0.0)], [scored("ba", 0.0, 0.0)], Bootstrap(0, 1))


def test_scores_come_back_from_their_file(tmp_path: Path) -> None:
    users = np.array(["a", "b"], object)
    save_scores(Scores(users, {"x": np.array([0.25, 1.0])}), tmp_path / "one.parquet")
    again = load_scores(tmp_path / "one.parquet")
    assert again.users.tolist() == ["a", "b"]
    assert again.metrics["x"].tolist() == [0.25, 1.0]


def test_the_json_holds_what_was_measured(found: Backtest) -> None:
    write_report(found)
    read: dict[str, Any] = json.loads((found.folder / JSON).read_text())
    warm = read["policies"]["daily-warm"]
    assert warm["seconds"] == 19.0
    assert warm["differences"][NDCG]["mean"] == pytest.approx(0.15)
    assert [one["age_days"] for one in read["policies"]["never"]["steps"]] == [0, 1, 2, 3]
    assert [one["number"] for one in read["steps"]] == [1, 2, 3, 4]
    assert [one["compared"] for one in read["freshness"][:2]] == [[], ["full with warm"]]
    assert read["freshness"][3]["differences"][NDCG]["mean"] == pytest.approx(-0.3)


def test_the_page_shows_every_policy_and_three_kinds_of_pictures(found: Backtest) -> None:
    write_report(found)
    page = (found.folder / PAGE).read_text()
    assert all(name in page for name in ("never", "daily-warm", "2d-full"))
    assert page.count("<svg") == 4  # cost, both metrics over time, age
    assert "<script" not in page


def test_equal_backtests_give_equal_pages(found: Backtest) -> None:
    write_report(found)
    before = (found.folder / PAGE).read_bytes()
    write_report(found)
    assert (found.folder / PAGE).read_bytes() == before


def test_the_table_fits_a_terminal(summary: Summary) -> None:
    console = Console(width=80, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(table(summary))
    lines = captured.get().splitlines()
    assert "…" not in "".join(lines).replace("+.1500…+.1500", "").replace("+.1000…+.1000", "")
    assert "│ daily-warm │" in captured.get()


def test_a_step_in_which_nobody_is_asked_counts_for_nothing(found: Backtest) -> None:
    step = Step(9, 0, DAY)
    training = full(step)
    nobody = Scores(np.zeros(0, object), {NDCG: np.zeros(0)})
    one = found.scores[found.plans["never"][0].name, found.steps[0].number]
    two = Backtest(
        found.config,
        found.folder,
        [step, found.steps[0]],
        {"never": [training, training]},
        {training.name: 1.0},
        {
            (training.name, 9): nobody,
            (training.name, found.steps[0].number): Scores(one.users, {NDCG: one.metrics[NDCG]}),
        },
    )
    [policy] = summarize(two).policies
    assert policy.means[NDCG] == pytest.approx(0.9)
    assert policy.steps[0].means == {}
    assert write_report(two).policies[0].queries == 4
