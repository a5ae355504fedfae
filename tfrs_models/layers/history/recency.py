"""A learned weight for each place, counted back from the latest item."""

from typing import Any

from configs.section import Section
from tfrs_models.layers.history._history import HistoryShape


class Options(Section):
    """No settings."""


def encoder(options: Options, shape: HistoryShape, seed: int) -> Any:  # noqa: ARG001
    """The encoder."""
    from tfrs_models.layers.history._recency import Recency

    return Recency(shape)
