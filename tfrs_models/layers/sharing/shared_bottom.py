"""All tasks read the same hidden layers (Caruana 1997)."""

from collections.abc import Callable
from typing import Any

from configs.section import Section


class Options(Section):
    """No settings."""


def sharing(
    options: Options,  # noqa: ARG001
    tasks: int,
    hidden: Callable[[int, str], Any],
    seed: int,
) -> Any:
    """One set of hidden layers."""
    from tfrs_models.layers.sharing._shared_bottom import SharedBottom

    return SharedBottom(tasks, hidden(seed, "bottom"))
