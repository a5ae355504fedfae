"""Items that nobody had met before the window: no model could know them when it was trained.

Legend: N item rows.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.dataset import TEST, PreparedDataset
from trainers.retraining.gate.verdict import Check


def first_met(dataset: PreparedDataset) -> NDArray[np.bool_]:
    """Items whose first event, positive or not, lies in the test part: bool [N].

    Items without any event are not among them.
    """
    events = dataset.events
    tested = events.split == TEST
    found = np.zeros(dataset.num_items, np.bool_)
    found[events.item[tested]] = True
    found[events.item[~tested]] = False
    return found


def untaken(dataset: PreparedDataset, items: NDArray[np.bool_]) -> PreparedDataset:
    """The dataset in which events of some items, bool [N], weigh nothing: nobody takes them."""
    events = dataset.events
    weight = np.where(items[events.item], np.float32(0), events.weight)
    return replace(dataset, events=replace(events, weight=weight))


def left_out(dataset: PreparedDataset, items: NDArray[np.bool_]) -> Check:
    """How much of the window is not judged; reported only.

    Args:
        dataset: with all that was taken.
        items: bool [N], of `first_met`.
    """
    events = dataset.events
    taken = events.item[(events.split == TEST) & (events.weight > 0)]
    share = float(items[taken].mean()) if len(taken) else 0.0
    text = (
        f"{np.count_nonzero(items):,} items were first met in the window; they are in no list, and "
        f"what was taken of them, {share:.1%} of all, counts neither for nor against a model"
    )
    return Check("first_met", True, share, None, text, decides=False)
