"""Shared experts, and experts of each task's own, which no other task moves.

Source: Tang et al., Progressive Layered Extraction, RecSys 2020, with one level (CGC).
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from configs.section import Section


class Options(Section):
    """How many experts."""

    shared_experts: Annotated[int, Field(ge=1)] = 2
    """Sets of hidden layers that all tasks read."""
    task_experts: Annotated[int, Field(ge=1)] = 2
    """Sets of hidden layers of each task."""


def sharing(options: Options, tasks: int, hidden: Callable[[int, str], Any], seed: int) -> Any:
    """Shared experts and each task's own."""
    from tfrs_models.layers.sharing._experts import Experts

    return Experts(tasks, options.shared_experts, options.task_experts, hidden, seed)
