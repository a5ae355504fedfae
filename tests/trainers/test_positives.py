from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.datasets import make_dataset
from support.events import ANN, BOB, CY, EVENTS, W, X, Y, Z, three_users
from support.training import ids_of

from configs.errors import DataError
from tfrs_models.data.dataset import PreparedDataset, learn_validation
from trainers.positives import positives

DAY = 86_400


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> PreparedDataset:
    return three_users(tmp_path_factory.mktemp("data"))


def test_positives_are_the_training_events_with_weight(dataset: PreparedDataset) -> None:
    found = positives(dataset, None)
    assert found.item.tolist() == [X, Y, Z, W, X, Y, Z]
    assert found.event.tolist() == [0, 1, 2, 3, 4, 6, 7]
    assert found.seconds.tolist() == [0, 10, 10, 20, 5, 25, 3_600]
    names = ids_of(dataset, "item")
    assert {names[row] for row in found.item} == set("wxyz")


def test_users_and_where_theirs_lie(dataset: PreparedDataset) -> None:
    found = positives(dataset, None)
    assert found.users.tolist() == [ANN, BOB, CY]
    assert found.offsets.tolist() == [0, 4, 6, 7]


def test_a_moment_is_one_user_at_one_time(dataset: PreparedDataset) -> None:
    # ann's y and z share a moment that begins at place 1.
    assert positives(dataset, None).moment.tolist() == [0, 1, 1, 3, 4, 5, 6]


def test_users_at_the_same_time_do_not_share_a_moment(tmp_path: Path) -> None:
    dataset = make_dataset(tmp_path, ["u", "v"], ["a", "b"], [5, 5])
    assert positives(dataset, None).moment.tolist() == [0, 1]


def test_without_positives_the_error_names_the_settings(dataset: PreparedDataset) -> None:
    nothing = replace(dataset.events, weight=np.zeros(len(EVENTS), np.float32))
    with pytest.raises(DataError, match=r"`data.events.weights`"):
        positives(replace(dataset, events=nothing), None)


def test_an_event_a_half_life_older_weighs_half(tmp_path: Path) -> None:
    # Ages 2, 1, 0 days at a half-life of one day: 1/4, 1/2, 1, whose mean is 7/12.
    dataset = make_dataset(tmp_path, ["u"] * 3, list("abc"), [0, DAY, 2 * DAY])
    found = positives(dataset, 1.0).weight
    np.testing.assert_allclose(found, [3 / 7, 6 / 7, 12 / 7], rtol=1e-6)


def test_weights_keep_their_ratio_and_have_mean_1(tmp_path: Path) -> None:
    dataset = make_dataset(tmp_path, ["u"] * 3, list("abc"), weight=[1, 2, 3])
    np.testing.assert_allclose(positives(dataset, None).weight, [0.5, 1, 1.5], rtol=1e-6)


def test_later_splits_do_not_age_the_training_events(dataset: PreparedDataset) -> None:
    # The newest training event is cy's at 3600 s; the test event at 9000 s would age them all.
    weight = positives(dataset, 1 / 24).weight
    assert weight[0] / weight[-1] == pytest.approx(0.5, rel=1e-6)  # 3600 s are one half-life


def test_validation_events_can_be_learned_too(dataset: PreparedDataset) -> None:
    found = positives(learn_validation(dataset), None)
    names = ids_of(dataset, "item")
    assert [names[row] for row in found.item[found.offsets[2] :]] == ["z", "later"]
