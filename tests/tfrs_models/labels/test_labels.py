"""What every label must do."""

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from configs import plugins
from configs.errors import ConfigError
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.labels._touched import Touched, label, touched

OPTIONS = {"event_type": {"types": ("buy",)}}
NAMES = plugins.names("label")


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def labels(name: str, dataset: PreparedDataset, pairs: Touched) -> np.ndarray:
    options = plugins.parse_options("label", name, OPTIONS.get(name, {}))
    return label(name).labels(options, dataset, pairs)


def test_there_is_a_float_for_each_pair(name: str, dataset, pairs: Touched) -> None:
    found = labels(name, dataset, pairs)
    assert found.shape == (len(pairs),) == (3,)
    assert found.dtype == np.float32


def test_labels_are_finite_or_not_known(name: str, dataset, pairs: Touched) -> None:
    assert not np.isinf(labels(name, dataset, pairs)).any()


def test_untouched_is_0_or_not_known(name: str) -> None:
    module: ModuleType = plugins.load("label", name)
    assert module.UNTOUCHED == 0 or np.isnan(module.UNTOUCHED)


def test_no_pairs_have_no_labels(name: str, dataset) -> None:
    none = touched(dataset, np.zeros(0, np.int64), 0)
    assert len(none) == 0
    assert labels(name, dataset, none).shape == (0,)


def test_a_pair_has_the_same_label_among_others_and_alone(
    name: str, dataset, pairs: Touched
) -> None:
    alone = [
        labels(name, dataset, touched(dataset, pairs.events[a:b], pairs.end))[0]
        for a, b in zip(pairs.first[:-1], pairs.first[1:], strict=True)
    ]
    np.testing.assert_array_equal(labels(name, dataset, pairs), alone)


def test_hidden_events_decide_nothing_that_is_known(name: str, dataset, pairs: Touched) -> None:
    """Ann's event of day 30 moves: what is known may become unknown, and nothing else."""
    before = labels(name, dataset, pairs)
    events, place = dataset.events, 5
    for change in ({"weight": 9}, {"value": 9}, {"type": 0}, {"time": 25}):
        for field, new in change.items():
            column = getattr(events, field).copy()
            column[place] = new if field != "time" else events.time[4] + new
            moved = replace(dataset, events=replace(events, **{field: column}))
            after = labels(name, moved, pairs)
            known = ~np.isnan(after)
            np.testing.assert_array_equal(after[known], before[known])


def test_an_unknown_label_is_told_the_nearest() -> None:
    with pytest.raises(ConfigError, match="Did you mean `event_type`"):
        label("event_typ")
