"""Items chosen by the value of a column, as the settings of a method name them."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

from configs.section import Section
from tfrs_models.reranking.candidates import Candidates
from tfrs_models.reranking.column import name_of


def _scalar(value: Any) -> str:
    if not isinstance(value, str | int | float):
        raise ValueError(f"it must be a text, a number or true or false, received {value!r:.60}")
    return name_of(value)


class Choice(Section):
    """All items with one value."""

    column: str
    """A column of the items; `item_id` chooses a single item."""
    value: Annotated[str, BeforeValidator(_scalar)]
    """The value."""

    @property
    def key(self) -> tuple[str, str]:
        """Column and value: what two rules must share to speak of the same items."""
        return self.column, self.value

    def __str__(self) -> str:
        return f"{self.column} = {self.value}"


def chosen(choice: Choice, candidates: Candidates) -> NDArray[np.bool_]:
    """Which candidates have the value: bool [N]."""
    return candidates.columns[choice.column].having(choice.value)
