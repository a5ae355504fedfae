"""The items with the most recent training events: popularity with exponential decay."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs.section import Section
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.data.times import DAY
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.top_k import Scorer


class Options(Section):
    """Settings of `recently_popular`."""

    half_life_days: Annotated[float, Field(gt=0)] = 7.0
    """Age at which an event counts half."""


def fit(
    options: Options,
    dataset: PreparedDataset,
    queries: Queries,  # noqa: ARG001 - the signature of every baseline
    seed: int,  # noqa: ARG001
) -> Scorer:
    """Sum `2 ** (-age / half_life)` over the positive training events of each item.

    The age counts back from the last training event.
    """
    events = dataset.events
    learned = events.learned
    time = events.time[learned]
    age = (time.max(initial=0) - time) / DAY
    decayed = np.exp2(-age / options.half_life_days)
    totals = np.bincount(events.item[learned], decayed, dataset.num_items).astype(np.float32)

    def score(block: NDArray[np.intp]) -> NDArray[np.float32]:
        return np.broadcast_to(totals, (len(block), len(totals)))

    return score
