"""New events that a warm training could learn nothing from."""

from pathlib import Path

import numpy as np
import pytest
from support.datasets import make_dataset

from tfrs_models.data.dataset import TEST, TRAIN, PreparedDataset
from trainers.retraining.learnable import NothingToLearn, require_learnable


@pytest.fixture
def dataset(tmp_path: Path) -> PreparedDataset:
    """Six events of one user at seconds 0 to 5; two are no positives, the last two are test."""
    return make_dataset(
        tmp_path,
        ["u"] * 6,
        list("abcdef"),
        range(6),
        split=[TRAIN] * 4 + [TEST] * 2,
        weight=[1, 0, 0, 1, 1, 1],
    )


@pytest.mark.parametrize("fresh", [[3], [0], [1, 3, 5]])
def test_one_positive_event_before_the_window_is_enough(
    dataset: PreparedDataset, fresh: list[int]
) -> None:
    require_learnable(dataset, np.isin(np.arange(6), fresh))


@pytest.mark.parametrize(
    ("fresh", "inside", "before"), [([4, 5], 2, 0), ([1, 2], 0, 2), ([2, 5], 1, 1), ([], 0, 0)]
)
def test_events_of_the_window_and_those_that_are_not_positive_wait(
    dataset: PreparedDataset, fresh: list[int], inside: int, before: int
) -> None:
    with pytest.raises(NothingToLearn) as raised:
        require_learnable(dataset, np.isin(np.arange(6), fresh))
    assert str(raised.value) == (
        f"of the events that are not learned yet, {inside} lie in the window of the gate, which "
        f"begins at 1970-01-01T00:00:04+00:00, and {before} before it, none of which is positive: "
        "they wait for newer ones"
    )
