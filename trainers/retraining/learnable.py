"""Whether a warm training would learn anything.

Legend: E events.
"""

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data import times
from tfrs_models.data.dataset import TEST, PreparedDataset


class NothingToLearn(Exception):  # noqa: N818  (no fault: the events wait)
    """No event is new, positive and before the window of the gate."""


def require_learnable(dataset: PreparedDataset, fresh: NDArray[np.bool_]) -> None:
    """Check that there is an event to learn; where the window lies only the dataset knows.

    Args:
        dataset: prepared for a warm training.
        fresh: bool [E], the events that the model has not learned.

    Raises:
        NothingToLearn: there is none; it says where they are.
    """
    events = dataset.events
    if (fresh & events.learned).any():
        return
    window = events.split == TEST
    start = times.to_iso(int(events.time[window].min()))
    inside, before = int((fresh & window).sum()), int((fresh & ~window).sum())
    raise NothingToLearn(
        f"of the events that are not learned yet, {inside:,} lie in the window of the gate, which "
        f"begins at {start}, and {before:,} before it, none of which is positive: they wait for "
        "newer ones"
    )
