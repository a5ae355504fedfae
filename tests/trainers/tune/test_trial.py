"""One training of a search: what is recorded, what is let through, what stays on the disk."""

import pytest
from support.searches import SHARE, WIDTH, scripted, small_material

from configs.errors import DataError
from tfrs_models.backend import tf
from trainers.tune.record import Pruned
from trainers.tune.trial import train_trial, try_settings, with_settings

TRAIN = "trainers.tune.trial.train_retrieval"


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    return small_material(tmp_path_factory.mktemp("material"))


def ignore(curve):
    pass


def raising(error):
    def train(*_):
        raise error

    return train


def test_a_complete_trial_has_its_best_value_and_its_curve(tmp_path, material, monkeypatch):
    monkeypatch.setattr(TRAIN, scripted(lambda _: [0.1, 0.3, 0.2]))
    trial = train_trial(4, {WIDTH: 8}, material, tmp_path / "trial", ignore)
    assert (trial.number, trial.settings, trial.state) == (4, {WIDTH: 8}, "complete")
    assert (trial.value, trial.curve) == (0.3, ((1, 0.1), (2, 0.3), (3, 0.2)))
    assert trial.seconds > 0


def test_the_settings_of_a_trial_reach_its_training(tmp_path, material, monkeypatch):
    monkeypatch.setattr(TRAIN, scripted(lambda m: [m.config.retrieval.embedding_dim / 100]))
    assert train_trial(1, {WIDTH: 8}, material, tmp_path / "trial", ignore).value == 0.08


def test_a_pruned_trial_has_its_best_value_so_far(tmp_path, material, monkeypatch):
    monkeypatch.setattr(TRAIN, scripted(lambda _: [0.3, 0.2, 0.9]))

    def stop_at_the_second(curve):
        if len(curve) == 2:
            raise Pruned

    trial = try_settings(1, {}, material, tmp_path / "trial", stop_at_the_second)
    assert (trial.state, trial.value, trial.curve) == ("pruned", 0.3, ((1, 0.3), (2, 0.2)))


def test_a_diverged_training_is_recorded_with_its_reason(tmp_path, material, monkeypatch):
    monkeypatch.setattr(TRAIN, raising(DataError("the loss is nan\n after step 3")))
    trial = try_settings(2, {WIDTH: 8}, material, tmp_path / "trial", ignore)
    assert (trial.state, trial.value) == ("failed", None)
    assert trial.reason == "the loss is nan after step 3"


def test_settings_that_do_not_go_together_are_recorded(tmp_path, material):
    trial = try_settings(2, {SHARE: [0.9, 0.5]}, material, tmp_path / "trial", ignore)
    assert trial.state == "failed"
    assert "`history_share` is [smallest, largest], received [0.9, 0.5]" in trial.reason


def test_a_model_that_does_not_fit_into_memory_is_recorded(tmp_path, material, monkeypatch):
    error = tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
    monkeypatch.setattr(TRAIN, raising(error))
    trial = try_settings(2, {WIDTH: 8}, material, tmp_path / "trial", ignore)
    assert trial.reason.startswith("OOM")


@pytest.mark.parametrize(
    "error",
    [
        tf.errors.ResourceExhaustedError(None, None, "latest.data; No space left on device"),
        ZeroDivisionError(),
    ],
)
def test_what_is_no_fault_of_the_settings_is_let_through(tmp_path, material, monkeypatch, error):
    monkeypatch.setattr(TRAIN, raising(error))
    with pytest.raises(type(error)):
        try_settings(2, {WIDTH: 8}, material, tmp_path / "trial", ignore)


def test_no_weights_stay_on_the_disk(tmp_path, material, monkeypatch):
    for train in (scripted(lambda _: [0.1]), raising(DataError("nan"))):
        monkeypatch.setattr(TRAIN, train)
        try_settings(1, {}, material, tmp_path / "trial", ignore)
        assert list(tmp_path.iterdir()) == []


def test_what_a_killed_trial_left_is_not_gone_on_with(tmp_path, material, monkeypatch):
    folder = tmp_path / "trial"
    (folder / "latest").mkdir(parents=True)
    monkeypatch.setattr(TRAIN, scripted(lambda _: [0.1]))
    # The scripted training makes the same folder, and would fail if it were there.
    assert train_trial(1, {}, material, folder, ignore).state == "complete"


def test_each_trial_draws_the_same_random_numbers(tmp_path, material, monkeypatch):
    monkeypatch.setattr(TRAIN, scripted(lambda _: [float(tf.random.uniform(()))]))
    values = {train_trial(n, {}, material, tmp_path / "t", ignore).value for n in range(3)}
    assert len(values) == 1


def test_a_history_of_another_length_changes_no_other_feature(material):
    other = with_settings(material, {"features.history.max_length": 2})
    assert (material.spec.history.length, other.spec.history.length) == (3, 2)
    assert other.spec.features == material.spec.features
    assert other.encoded is material.encoded
