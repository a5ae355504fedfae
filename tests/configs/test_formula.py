"""Formulas of the final score: what they compute, and what they refuse."""

import sys
import time
from typing import Any

import numpy as np
import pytest

from configs.errors import ConfigError
from configs.formula import MAX_DEPTH, MAX_LENGTH, check_formula, evaluate
from tfrs_models.backend import tf

TASKS = ("click", "purchase")
OUTPUTS = {"click": 0.5, "purchase": 4.0}


def refusal(formula: str) -> str:
    with pytest.raises(ConfigError) as raised:
        check_formula(formula, TASKS)
    return str(raised.value)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("click", 0.5),
        (" click\t", 0.5),
        ("click + 2 * purchase", 8.5),
        ("(click + 2) * purchase", 10.0),
        ("purchase - click - 1", 2.5),  # from the left
        ("purchase / 2 / 2 + 0 * click", 1.0),
        ("purchase ** 2 ** 3", 65_536.0),  # from the right: 4^8
        ("-purchase ** 2", -16.0),  # the power comes first
        ("(-purchase) ** 2", 16.0),
        ("purchase ** -1", 0.25),
        ("+click - -click", 1.0),
        ("click * (0.2 + 5 * purchase) ** 0.5", 0.5 * 20.2**0.5),
        ("1e-3 * click", 0.0005),
        ("1_000 * click", 500.0),
    ],
)
def test_arithmetic_has_its_usual_precedence(formula: str, expected: float) -> None:
    check_formula(formula, TASKS)
    assert evaluate(formula, OUTPUTS) == pytest.approx(expected)


@pytest.mark.parametrize("make", [np.float32, lambda x: tf.constant(x, tf.float32)])
def test_arrays_and_tensors_give_alike_and_stay_single_precision(make: Any) -> None:
    outputs = {"click": make([0.5, 0.25]), "purchase": make([[1.0], [2.0]])}
    found = evaluate("2 * click - purchase ** 2 / 4", outputs)
    assert found.dtype in (np.float32, tf.float32)
    np.testing.assert_array_equal(found, [[0.75, 0.25], [0.0, -0.5]])


@pytest.mark.parametrize(
    "part",
    [
        "abs(click)",
        "click.real",
        "click[0]",
        "'click'",
        "f'{click}'",
        "b'x'",
        "click < 1",
        "click == click",
        "click and purchase",
        "not click",
        "lambda: click",
        "[click]",
        "{click}",
        "[c for c in click]",
        "click if click else 1",
        "click // 2",
        "click % 2",
        "click @ click",
        "click | 1",
        "~click",
        "True",
        "None",
        "...",
        "1j",
        "1e30",
        "1e400",
        "9" * 40,
        "click, click",
    ],
)
def test_nothing_but_arithmetic_is_allowed(part: str) -> None:
    message = refusal(part)
    assert "`ranking.score` may hold task names, numbers, + - * / ** and parentheses" in message
    assert f"received `{part}` in " in message


def test_the_refused_part_is_named_without_the_rest() -> None:
    assert "received `exp(click)` in '2 * exp(click) + 1'" in refusal("2 * exp(click) + 1")


@pytest.mark.parametrize(
    "formula",
    ["click +", "(click", "click)", "2click", "click purchase", "click = 1", "import os", "*click"],
)
def test_what_is_no_expression_is_refused(formula: str) -> None:
    message = refusal(formula)
    assert f"`ranking.score` is no formula: {formula!r} (" in message
    assert "<unknown>" not in message
    assert message.endswith("Write task names, numbers, + - * / ** and parentheses")


@pytest.mark.parametrize("formula", ["cl\0ick", "cl\ud800ick", "click\n+ 1"])
def test_odd_characters_are_refused(formula: str) -> None:
    assert "`ranking.score` is no formula" in refusal(formula)


@pytest.mark.parametrize("formula", ["", "  \n"])
def test_an_empty_formula_says_what_to_do(formula: str) -> None:
    message = refusal(formula)
    assert message.startswith("`ranking.score` is empty: write task names, numbers")
    assert message.endswith("or leave it out for the first task")


def test_an_unknown_name_is_told_the_nearest() -> None:
    message = refusal("click + purchaze")
    assert "names the task `purchaze`, which is not there" in message
    assert "Did you mean `purchase`? Choose one of click, purchase" in message


def test_a_formula_of_numbers_alone_orders_nothing() -> None:
    assert "must name a task, received '1 + 2': choose among click, purchase" in refusal("1 + 2")


def test_a_refused_call_never_happened(tmp_path: Any) -> None:
    file = tmp_path / "made"
    refusal(f"click + __import__('pathlib').Path('{file}').touch()")
    with pytest.raises(ConfigError):
        evaluate(f"__import__('pathlib').Path('{file}').touch()", OUTPUTS)
    assert not file.exists()


@pytest.mark.parametrize(
    "part", ["9**9**9", "9**9**9**9**9**9", "10**29 * 11", "1 / 0", "0 ** -1", "(-8) ** 0.5"]
)
def test_numbers_that_are_none_are_refused_at_once(part: str) -> None:
    start = time.perf_counter()
    message = refusal(f"click + ({part})")
    assert time.perf_counter() - start < 1
    assert "which is no number below 1e+30" in message
    assert f"holds `{part}`" in message


def test_a_power_of_a_task_does_not_hang() -> None:
    check_formula("click ** 9 ** 8", TASKS)
    assert evaluate("click ** 9 ** 8", {"click": np.float32(0.5)}) == 0


def test_length_has_a_limit() -> None:
    longest = "click" + " " * (MAX_LENGTH - 10) + "+   1"
    check_formula(longest, TASKS)
    assert f"at most {MAX_LENGTH} characters, received {MAX_LENGTH + 1}" in refusal(longest + " ")


def test_depth_has_a_limit() -> None:
    deepest = "-" * MAX_DEPTH + "click"
    check_formula(deepest, TASKS)
    assert f"nested at most {MAX_DEPTH} deep" in refusal("-" + deepest)


@pytest.mark.parametrize("formula", ["-" * 490 + "click", "~" * 490 + "click", "(" * 240 + "click"])
def test_depth_is_refused_in_words_from_deep_inside_a_program(formula: str) -> None:
    def descend(depth: int) -> str:
        return descend(depth - 1) if depth else refusal(formula)

    assert "`ranking.score`" in descend(sys.getrecursionlimit() // 2)
