"""Several vectors a user, for tastes that have little to do with each other (ComiRec-SA, 2020).

Each interest is an attention-weighted sum of the history (Cen et al. 2020, equations 4 and 5); a
candidate's score is the largest over the interests.
"""

from typing import Annotated, Any

from pydantic import Field

from configs.section import Section
from tfrs_models.layers.history._history import HistoryShape


class Options(Section):
    """How many interests."""

    interests: Annotated[int, Field(ge=2, le=16)] = 4
    """Vectors a user; a search costs as many look-ups."""
    hidden_units: Annotated[int, Field(ge=1)] = 64
    """Units that look at an item's embedding."""


def encoder(options: Options, shape: HistoryShape, seed: int) -> Any:
    """The encoder."""
    from tfrs_models.layers.history._multi_interest import MultiInterest

    return MultiInterest(options, shape, seed)
