"""A causal Transformer over the history (SASRec, Kang and McAuley 2018).

What differs from the paper: layer normalisation comes before each part and the residual stream
stays as it is, so that an untrained encoder gives the latest item; a learned bias for the distance
of two places; and, where the history carries them, event types and the time to the next event.
"""

from typing import Annotated, Any

from pydantic import Field

from configs.errors import ConfigError
from configs.section import Section
from tfrs_models.layers.history._history import HistoryShape

Share = Annotated[float, Field(ge=0, lt=1)]


class Options(Section):
    """Size and dropout."""

    blocks: Annotated[int, Field(ge=1)] = 2
    """Blocks of attention and feed-forward layers."""
    heads: Annotated[int, Field(ge=1)] = 1
    """Attention heads; `retrieval.embedding_dim` must be a multiple."""
    hidden_factor: Annotated[int, Field(ge=1)] = 1
    """Units of the feed-forward layers in multiples of the embedding's width."""
    dropout: Share = 0.2
    """Share of units dropped after each part."""
    input_dropout: Share = 0.2
    """Share of units dropped from the embeddings that enter."""


def encoder(options: Options, shape: HistoryShape, seed: int) -> Any:
    """The encoder.

    Raises:
        ConfigError: the width is no multiple of the heads.
    """
    if shape.dim % options.heads:
        raise ConfigError(
            f"`retrieval.embedding_dim` must be a multiple of the history encoder's `heads` "
            f"({options.heads}), received {shape.dim}: change one of them"
        )
    from tfrs_models.layers.history._transformer import Transformer

    return Transformer(options, shape, seed)
