"""Experts that all tasks share, mixed by a gate of each task (Ma et al., MMoE, KDD 2018)."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from configs.section import Section


class Options(Section):
    """How many experts."""

    experts: Annotated[int, Field(ge=1)] = 4
    """Sets of hidden layers, each as wide as `ranking.hidden_units`."""


def sharing(options: Options, tasks: int, hidden: Callable[[int, str], Any], seed: int) -> Any:
    """Shared experts alone."""
    from tfrs_models.layers.sharing._experts import Experts

    return Experts(tasks, options.experts, 0, hidden, seed)
