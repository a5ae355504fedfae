"""What the settings of the ranking stage refuse, and what they mean."""

from typing import Any

import pytest
from pydantic import ValidationError

from configs.ranking import RankingConfig

CLICK: dict[str, Any] = {"label": {"type": "event_type", "options": {"types": ["click"]}}}
RATING: dict[str, Any] = {"label": {"type": "value"}, "objective": {"type": "squared"}}


def refusal(**settings: Any) -> str:
    with pytest.raises(ValidationError) as raised:
        RankingConfig.model_validate(settings)
    return str(raised.value)


def test_the_default_is_one_binary_task_of_positives() -> None:
    config = RankingConfig()
    task = config.tasks["positive"]
    assert (task.label.type, task.objective.type, task.given) == ("positive", "binary", None)
    assert config.formula == "positive"


def test_without_a_formula_the_first_task_orders() -> None:
    config = RankingConfig.model_validate({"tasks": {"zeta": {}, "alpha": {}}})
    assert config.formula == "zeta"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"tasks": {"a": {"label": {"type": "positiv"}}}},
            "no label is called `positiv`. Did you mean `positive`?",
        ),
        (
            {"tasks": {"a": {"objective": {"type": "binry"}}}},
            "no objective is called `binry`. Did you mean `binary`?",
        ),
        ({"sharing": {"type": "mmo"}}, "no sharing is called `mmo`. Did you mean `mmoe`?"),
        (
            {"interaction": {"type": "crosss"}},
            "no interaction is called `crosss`. Did you mean `cross`?",
        ),
    ],
)
def test_an_unknown_plugin_is_told_the_nearest(settings: dict[str, Any], message: str) -> None:
    assert message in refusal(**settings)


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"interaction": {"type": "cross", "options": {"rank": 0}}}, "interaction.options.rank"),
        ({"sharing": {"type": "mmoe", "options": {"experts": 0}}}, "sharing.options.experts"),
        (
            {"tasks": {"a": {"objective": {"type": "huber", "options": {"delta": 0}}}}},
            "tasks.a.objective.options.delta",
        ),
        (
            {"tasks": {"a": {"label": {"type": "event_type", "options": {"types": []}}}}},
            "tasks.a.label.options.types",
        ),
    ],
)
def test_an_option_out_of_range_is_named(settings: dict[str, Any], path: str) -> None:
    assert path in refusal(**settings)


def test_options_get_their_defaults() -> None:
    config = RankingConfig.model_validate({"sharing": {"type": "ple"}})
    assert config.sharing.options == {"shared_experts": 2, "task_experts": 2}


def test_a_task_may_not_have_the_name_of_the_score() -> None:
    message = refusal(tasks={"click": CLICK, "score": {}})
    assert "`tasks.score` has the name of the final score: rename the task" in message


@pytest.mark.parametrize("name", ["if", "None", "lambda", "and"])
def test_a_task_may_not_have_the_name_of_a_keyword(name: str) -> None:
    message = refusal(tasks={"click": CLICK, name: {}})
    assert f"`tasks.{name}` has the name of a keyword of Python" in message
    assert "rename the task" in message


@pytest.mark.parametrize("name", ["match", "type", "print"])
def test_names_that_formulas_can_hold_are_allowed(name: str) -> None:
    assert RankingConfig.model_validate({"tasks": {name: {}}}).formula == name


def test_a_formula_is_checked_against_the_tasks() -> None:
    message = refusal(tasks={"click": CLICK}, score="klick * 2")
    assert "names the task `klick`" in message
    assert "Did you mean `click`?" in message


def test_an_empty_formula_is_no_missing_one() -> None:
    assert "`ranking.score` is empty" in refusal(score="")


def test_no_task_is_too_few() -> None:
    assert "tasks" in refusal(tasks={})


def test_something_to_rank_above_is_needed() -> None:
    assert "the ranking stage needs something to rank a positive above" in refusal(
        retrieved_negatives=0
    )


def test_a_task_may_be_given_a_binary_one() -> None:
    config = RankingConfig.model_validate({"tasks": {"buy": {"given": "click"}, "click": CLICK}})
    assert config.tasks["buy"].given == "click"


def test_a_task_is_not_given_itself() -> None:
    message = refusal(tasks={"buy": {"given": "buy"}, "click": CLICK})
    assert "`tasks.buy.given` names `buy`, which is no other task" in message
    assert "Choose one of click" in message


def test_the_only_task_is_given_nothing() -> None:
    message = refusal(tasks={"buy": {"given": "buy"}})
    assert "which is no other task. Leave it out" in message


def test_a_task_given_a_missing_one_is_told_the_nearest() -> None:
    message = refusal(tasks={"buy": {"given": "klick"}, "click": CLICK})
    assert "`tasks.buy.given` names `klick`, which is no other task" in message
    assert "Did you mean `click`?" in message


@pytest.mark.parametrize(
    ("tasks", "other"),
    [
        ({"buy": {"given": "stars"}, "stars": RATING}, "`stars` has `squared`"),
        ({"stars": {**RATING, "given": "click"}, "click": CLICK}, "`stars` has `squared`"),
    ],
)
def test_both_tasks_of_a_given_are_binary(tasks: dict[str, Any], other: str) -> None:
    message = refusal(tasks=tasks)
    assert "needs `objective: {type: binary}` in both tasks" in message
    assert other in message


def test_a_chain_is_told_its_end() -> None:
    tasks = {"keep": {"given": "buy"}, "buy": {"given": "click"}, "click": CLICK}
    message = refusal(tasks=tasks)
    assert "`tasks.keep.given` names `buy`, which has a `given` itself: name `click`" in message


def test_two_tasks_given_each_other_are_refused() -> None:
    assert "has a `given` itself" in refusal(tasks={"a": {"given": "b"}, "b": {"given": "a"}})


def test_coming_back_must_end_after_it_starts() -> None:
    options = {"after_days": 3, "within_days": 3}
    message = refusal(tasks={"back": {"label": {"type": "returns", "options": options}}})
    assert "`within_days` must be more than `after_days`, received 3 and 3" in message
