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

MAX_LENGTH = 500

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
    names = [node for node in ast.walk(_parse(formula)) if isinstance(node, ast.Name)]
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


def evaluate(formula: str, outputs: Mapping[str, Any]) -> Any:
    """The value of a checked formula; `outputs` may be arrays or tensors, by task."""
    return _value(_parse(formula).body, outputs)


def _parse(formula: str) -> ast.Expression:
    if len(formula) > MAX_LENGTH:
        raise ConfigError(
            f"`ranking.score` has at most {MAX_LENGTH} characters, received {len(formula)}"
        )
    try:
        parsed = ast.parse(formula.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ConfigError(f"`ranking.score` is no formula: {formula!r} ({error})") from error
    _check(parsed.body, formula)
    return parsed


def _check(node: ast.AST, formula: str) -> None:
    """Allow names, finite numbers, + - * / ** and parentheses."""
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        _check(node.left, formula)
        _check(node.right, formula)
    elif isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        _check(node.operand, formula)
    elif not (isinstance(node, ast.Name) or _is_number(node)):
        part = ast.unparse(node)
        raise ConfigError(
            f"`ranking.score` may hold task names, numbers, + - * / ** and parentheses, received "
            f"`{part}` in {formula!r}: write it with those"
        )


def _is_number(node: ast.AST) -> bool:
    if not isinstance(node, ast.Constant):
        return False
    value = node.value
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e30


def _value(node: ast.expr, outputs: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, outputs), _value(node.right, outputs)
        return _BINARY[type(node.op)](left, right)
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](_value(node.operand, outputs))
    if isinstance(node, ast.Name):
        return outputs[node.id]
    return float(ast.literal_eval(node))
