"""The final score of a candidate: a declared formula over the outputs of the ranking tasks.

A formula is arithmetic over names and numbers, such as `click * (0.2 + 5 * purchase) ** 0.5`. It is
parsed and walked, never executed as code.
"""

import ast
import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any

from configs import faults
from configs.errors import ConfigError

SCORE = "score"
"""Name of its value among the outputs; no task may have it."""
MAX_LENGTH = 500
MAX_DEPTH = 100

_ALLOWED = "task names, numbers, + - * / ** and parentheses"
_LARGEST = 1e30

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}


def check_formula(formula: str, tasks: Collection[str]) -> None:
    """Check that a formula is arithmetic over the tasks and numbers.

    Raises:
        ConfigError: it is not; names the part and the choices.
    """
    parsed = _parse(formula)
    names = _names(parsed)
    for node in names:
        if node.id not in tasks:
            raise ConfigError(
                f"`ranking.score` names the task `{node.id}`, which is not there. "
                f"{faults.advice(node.id, list(tasks))}"
            )
    if not names:
        raise ConfigError(
            f"`ranking.score` must name a task, received {formula!r}: choose among "
            f"{', '.join(tasks)}"
        )
    _check_numbers(parsed, formula)


def evaluate(formula: str, outputs: Mapping[str, Any]) -> Any:
    """The value of a checked formula; `outputs` may be arrays or tensors, by task."""
    return _value(_parse(formula).body, outputs)


def _parse(formula: str) -> ast.Expression:
    text = formula.strip()
    if not text:
        raise ConfigError(
            f"`ranking.score` is empty: write {_ALLOWED}, or leave it out for the first task"
        )
    if len(formula) > MAX_LENGTH:
        raise ConfigError(
            f"`ranking.score` has at most {MAX_LENGTH} characters, received {len(formula)}: "
            "write it shorter"
        )
    try:
        parsed = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise ConfigError(
            f"`ranking.score` is no formula: {faults.short(formula)} ({reason}). Write {_ALLOWED}"
        ) from error
    _check(parsed.body, text, 0)
    return parsed


def _check(node: ast.expr, text: str, depth: int) -> None:
    """Allow what `_ALLOWED` says, and no deeper than Python can walk from anywhere."""
    if depth > MAX_DEPTH:
        raise ConfigError(
            f"`ranking.score` is nested at most {MAX_DEPTH} deep, received "
            f"{faults.short(text)}: write it shorter"
        )
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        _check(node.left, text, depth + 1)
        _check(node.right, text, depth + 1)
    elif isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        _check(node.operand, text, depth + 1)
    elif not (isinstance(node, ast.Name) or _is_number(node)):
        raise ConfigError(
            f"`ranking.score` may hold {_ALLOWED}, received `{ast.get_source_segment(text, node)}` "
            f"in {faults.short(text)}: write it with those"
        )


def _is_number(node: ast.AST) -> bool:
    if not isinstance(node, ast.Constant):
        return False
    value = node.value
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST


def _check_numbers(parsed: ast.Expression, formula: str) -> None:
    """Compute the parts without a name now, where their faults meet the one who wrote them."""
    for node in ast.walk(parsed):
        if isinstance(node, ast.BinOp) and not _names(node) and not _has_value(node):
            raise ConfigError(
                f"`ranking.score` holds `{ast.get_source_segment(formula.strip(), node)}`, which "
                f"is no number below {_LARGEST:g}: write one that is"
            )


def _has_value(node: ast.BinOp) -> bool:
    try:
        value = _value(node, {})
    except (OverflowError, ZeroDivisionError):
        return False
    return isinstance(value, float) and abs(value) < _LARGEST


def _names(node: ast.AST) -> list[ast.Name]:
    return [part for part in ast.walk(node) if isinstance(part, ast.Name)]


def _value(node: ast.expr, outputs: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, outputs), _value(node.right, outputs)
        return _BINARY[type(node.op)](left, right)
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](_value(node.operand, outputs))
    if isinstance(node, ast.Name):
        return outputs[node.id]
    return float(ast.literal_eval(node))
