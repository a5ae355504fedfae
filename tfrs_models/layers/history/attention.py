"""Weights that depend on the item, its place, the type of the event and the time since."""

from typing import Annotated, Any

from pydantic import Field

from configs.section import Section
from tfrs_models.layers.history._history import HistoryShape


class Options(Section):
    """Size of the scoring layer."""

    hidden_units: Annotated[int, Field(ge=1)] = 32
    """Units that look at an item's embedding."""


def encoder(options: Options, shape: HistoryShape, seed: int) -> Any:
    """The encoder."""
    from tfrs_models.layers.history._attention import Attention

    return Attention(options, shape, seed)
