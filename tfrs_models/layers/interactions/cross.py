"""Products of every input with learned sums of all, of bounded degree (DCN-v2, low rank).

    x_(l+1) = x_0 * (U_l V_l x_l + b_l) + x_l

Source: Wang et al., DCN V2, WWW 2021, equation 3; with L layers the degree is L + 1.
"""

from typing import Annotated, Any

from pydantic import Field

from configs.section import Section


class Options(Section):
    """Depth and rank."""

    layers: Annotated[int, Field(ge=1)] = 2
    """L, cross layers."""
    rank: Annotated[int, Field(ge=1)] = 32
    """Rank of each layer's matrix."""


def interaction(options: Options, width: int, seed: int) -> Any:
    """The crossed inputs, as wide as they were."""
    from tfrs_models.layers.interactions._cross import Cross

    return Cross(options.layers, min(options.rank, width), width, seed)
