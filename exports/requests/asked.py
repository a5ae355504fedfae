"""What a request asks for, beside who asks: how many items, how different, without and among which.

Legend: B requests.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from exports.loader import Input
from exports.user_rows import Rows, padded

K, EXCLUDE, ONLY, DIVERSITY = "k", "exclude", "only", "diversity"
FILTER = "only_"
"""Before the name of a column, the name of the input that filters by it."""
SAMPLE_K = 10
"""Items that the requests of a bundle's own samples ask for."""

_TEXTS = Input("string", (None, None))
_FIXED: Mapping[str, Input] = {
    K: Input("int32", (None,)),
    DIVERSITY: Input("float32", (None,)),
    EXCLUDE: _TEXTS,
    ONLY: _TEXTS,
}


def asked_inputs(filters: Iterable[str]) -> dict[str, Input]:
    """Inputs of a request model beside those of the query model.

    Args:
        filters: columns that a request may filter by.
    """
    return {**_FIXED, **dict.fromkeys((f"{FILTER}{name}" for name in filters), _TEXTS)}


def unranked(inputs: Mapping[str, Input]) -> dict[str, Input]:
    """Those of a model that retrieves alone."""
    return {name: one for name, one in inputs.items() if name != DIVERSITY}


def asked_rows(
    inputs: Mapping[str, Input],
    k: int,
    excluded: Sequence[Sequence[str]],
    diversity: float = 0.0,
) -> Rows:
    """What requests ask for, as far as a model takes it; its filters let every item through.

    Args:
        inputs: all inputs of the model, those of the query model among them.
        k: items that come back.
        excluded: ids that must not come back, of each of the B requests.
        diversity: 0 to 1.

    Returns:
        Arrays [B] and [B, any] by name.
    """
    rows = len(excluded)
    given = {
        K: np.full(rows, k, np.int32),
        DIVERSITY: np.full(rows, diversity, np.float32),
        EXCLUDE: padded(excluded, _TEXTS),
    }
    nothing = np.full((rows, 1), "", object)
    return {name: given.get(name, nothing) for name, one in inputs.items() if _is_asked(name, one)}


def _is_asked(name: str, described: Input) -> bool:
    """A column of a user or a context has one value or a fixed number, so its shape tells it."""
    return described == _FIXED.get(name, _TEXTS if name.startswith(FILTER) else None)
