import json
import math
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.training import (
    Line,
    LineBatches,
    assert_equal,
    assert_same_numbers,
    checkpoint,
    new_line,
    quiet_watch,
    train_line,
    values,
)

from configs.errors import ArtifactError, DataError
from configs.training import TrainingConfig
from tfrs_models.backend import tf
from trainers.checkpoints import Checkpoints
from trainers.loop import Plan, State, fit
from trainers.watch import Watch

LOOP = TrainingConfig(
    epochs=4, batch_size=2, steps_per_call=2, patience=2, checkpoint_seconds=0, warmup_steps=3
)


class Stopped(Exception):  # noqa: N818
    """Stands for the moment at which a process is killed."""


class StoppingWatch(Watch):
    """Raises after a compiled call, when `at` steps are done: before its checkpoint."""

    def __init__(self, folder: Path, at: int) -> None:
        self.__dict__.update(vars(quiet_watch(folder)))
        self._at = at

    def steps(self, step: int, *_: Any) -> None:
        if step >= self._at:
            raise Stopped


def scripted(*metrics: float) -> Callable[[Line], float]:
    """An evaluation that returns these values, one after the other."""
    left = iter(metrics)
    return lambda _: next(left)


def loss_of(model: Line) -> float:
    """A metric of the weights: minus the loss on one batch."""
    return -float(model.compute_loss(LineBatches().batch(tf.constant(99, tf.int64), {})))


def test_the_plan_ends_calls_at_evaluations_and_at_the_end():
    # 10 examples, 2 a batch: 5 steps an epoch; evaluations after 2 and 3 epochs.
    config = LOOP.model_copy(update={"epochs": 3, "evaluate_every_epochs": 2, "steps_per_call": 4})
    plan = Plan.of(config, LineBatches())
    assert (plan.steps_per_epoch, plan.steps_per_evaluation, plan.total_steps) == (5, 10, 15)
    assert [plan.steps_from(step, 99) for step in (0, 4, 8, 9, 10, 14)] == [4, 4, 2, 1, 4, 1]
    assert [step for step in range(1, 16) if plan.evaluates_at(step)] == [10, 15]


def test_a_call_ends_where_its_data_end():
    plan = Plan.of(LOOP.model_copy(update={"steps_per_call": 4}), LineBatches())
    assert [plan.steps_from(step, 3) for step in (0, 1, 2)] == [3, 2, 1]


def test_a_step_of_several_batches_counts_them():
    config = LOOP.model_copy(update={"epochs": 2, "accumulate_batches": 5, "steps_per_call": 9})
    plan = Plan.of(config, LineBatches())
    assert (plan.steps_per_epoch, plan.total_steps, plan.batches_per_step) == (1, 2, 5)
    assert plan.steps_from(0, 10) == 1


@pytest.mark.parametrize("best", [-math.inf, 0.25, 0.1 + 0.2])
def test_a_state_survives_its_text(best):
    state = State(7, best, 2, 1, 40, 1.5, ({"epoch": 1, "loss": 0.3, "metric": 0.25},))
    assert State.from_json(state.to_json()) == state


def test_the_text_of_a_state_is_json():
    assert json.loads(State().to_json())["step"] == 0


def test_training_stops_after_patience_evaluations_without_a_better_metric(tmp_path):
    # Untrained 0.1, then 0.5, 0.5, 0.4: two evaluations in a row that are not better.
    _, fitted = train_line(LOOP, tmp_path, scripted(0.1, 0.5, 0.5, 0.4))
    assert (fitted.epochs, fitted.best, fitted.best_epoch) == (3, 0.5, 1)
    assert [record["metric"] for record in fitted.curve] == [0.5, 0.5, 0.4]
    assert [record["epoch"] for record in fitted.curve] == [1, 2, 3]


def test_a_better_metric_renews_the_patience(tmp_path):
    _, fitted = train_line(LOOP, tmp_path, scripted(0.1, 0.0, 0.2, 0.1, 0.3))
    assert (fitted.epochs, fitted.best_epoch) == (4, 4)


def test_the_best_weights_are_in_the_model_at_the_end(tmp_path):
    kept: list[Any] = []
    metrics = iter([0.1, 0.5, 0.2, 0.3])

    def evaluate(model: Line) -> float:
        kept.append(values(model.trainable_variables))
        return next(metrics)

    model, _ = train_line(LOOP, tmp_path, evaluate)
    assert_equal(values(model.trainable_variables), kept[1])
    assert not np.array_equal(kept[1][0], kept[3][0])


def test_a_training_that_makes_nothing_better_leaves_the_untrained_weights(tmp_path):
    model, fitted = train_line(LOOP, tmp_path, scripted(0.5, 0.1, 0.1))
    untrained = new_line(LOOP)
    assert fitted.best_epoch == 0
    assert_equal(values(model.trainable_variables), values(untrained.trainable_variables))


def test_examples_per_second_count_every_step_once(tmp_path):
    _, fitted = train_line(LOOP, tmp_path, loss_of)
    examples = fitted.epochs * 10
    assert fitted.examples_per_second == pytest.approx(examples / fitted.seconds)


@pytest.mark.parametrize("at", [2, 4, 5, 12])
def test_a_killed_training_ends_with_the_weights_and_slots_of_an_undisturbed_one(tmp_path, at):
    """Killed within epoch 1 before any checkpoint, after one, at its end, and within epoch 3."""
    undisturbed, expected = train_line(LOOP, tmp_path / "whole", loss_of)
    with pytest.raises(Stopped):
        train_line(LOOP, tmp_path / "killed", loss_of, StoppingWatch(tmp_path, at))
    resumed, fitted = train_line(LOOP, tmp_path / "killed", loss_of)
    assert_equal(values(resumed.variables), values(undisturbed.variables))
    assert fitted.curve == expected.curve
    found, whole = (checkpoint(tmp_path / name / "latest") for name in ("killed", "whole"))
    assert sum(name.startswith("optimizer") for name in found) >= 4
    assert_same_numbers(found, whole)


def test_data_in_parts_train_as_data_in_one(tmp_path):
    """The parts have tensors of other sizes, and end within a call of two steps."""
    whole, expected = train_line(LOOP, tmp_path / "whole", loss_of)
    parts, fitted = train_line(LOOP, tmp_path / "parts", loss_of, batches=LineBatches(serves=3))
    assert_equal(values(whole.trainable_variables), values(parts.trainable_variables))
    assert [r["metric"] for r in fitted.curve] == [r["metric"] for r in expected.curve]


class CountingBatches(LineBatches):
    """Counts the batches that were formed."""

    def __init__(self) -> None:
        super().__init__()
        self.variables = [tf.Variable(0, dtype=tf.int64, trainable=False)]

    def batch(self, step: Any, data: Any) -> Any:
        self.variables[0].assign_add(1)
        return super().batch(step, data)


def test_what_the_batches_change_is_restored_too(tmp_path):
    with pytest.raises(Stopped):
        watch = StoppingWatch(tmp_path, 8)
        train_line(LOOP, tmp_path, loss_of, watch, CountingBatches())
    batches, model = CountingBatches(), built_line(LOOP)
    Checkpoints(model, tmp_path, batches.variables).restore_latest()
    # One batch to build the model, and 7 steps.
    assert int(batches.variables[0]) == 8


def test_initial_values_are_set_once_at_the_beginning(tmp_path):
    calls: list[int] = []

    def start(model: Line) -> None:
        calls.append(1)
        model.slope.assign([5.0, 5.0, 5.0])

    seen: list[float] = []

    def evaluate(model: Line) -> float:
        seen.append(float(model.slope[0]))
        return loss_of(model)

    for at in (8, 99):
        model = new_line(LOOP)
        watch = StoppingWatch(tmp_path, at)
        with suppress(Stopped):
            fit(model, LineBatches(), LOOP, partial(evaluate, model), tmp_path, watch,
                partial(start, model))  # fmt: skip
    assert calls == [1]
    assert seen[0] == 5.0


def test_a_resumed_training_goes_on_and_does_not_begin_again(tmp_path):
    with pytest.raises(Stopped):
        train_line(LOOP, tmp_path, loss_of, StoppingWatch(tmp_path, 8))
    state = Checkpoints(built_line(LOOP), tmp_path).restore_latest()
    assert state is not None
    assert State.from_json(state).step == 7  # 2, 4, 5 | 7, killed at 9 before its checkpoint


def test_a_finished_training_is_answered_without_a_step(tmp_path):
    first, fitted = train_line(LOOP, tmp_path, loss_of)
    again, answer = train_line(LOOP, tmp_path, scripted(), StoppingWatch(tmp_path, 0))
    assert answer == fitted
    assert_equal(values(again.variables), values(first.variables))


def test_without_the_time_for_checkpoints_only_evaluations_write_them(tmp_path):
    config = LOOP.model_copy(update={"checkpoint_seconds": 1e9})
    with pytest.raises(Stopped):
        train_line(config, tmp_path, loss_of, StoppingWatch(tmp_path, 9))
    state = Checkpoints(built_line(config), tmp_path).restore_latest()
    assert state is not None
    assert State.from_json(state).step == 5


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_with_the_way_out(tmp_path, bad):
    with pytest.raises(DataError, match=r"after step 4.*learning_rate.*clip_norm.*float32"):
        train_line(LOOP, tmp_path, loss_of, batches=LineBatches(1, 1, 1, bad))


def test_a_diverged_training_leaves_the_last_sound_checkpoint(tmp_path):
    with pytest.raises(DataError):
        train_line(LOOP, tmp_path, loss_of, batches=LineBatches(1, 1, 1, math.nan))
    model = built_line(LOOP)
    assert Checkpoints(model, tmp_path).restore_latest() is not None
    assert all(np.isfinite(value).all() for value in values(model.variables))


def test_weights_that_a_sound_loss_has_broken_are_never_saved(tmp_path):
    """One step of 3e38 overflows; its own loss was measured before."""
    rate = {"learning_rate": 3e38, "embedding_learning_rate": 3e38, "warmup_steps": 0}
    rule = {"optimizer": "sgd", "embedding_optimizer": "sgd", "steps_per_call": 1}
    config = LOOP.model_copy(update={**rate, **rule})
    with pytest.raises(DataError, match=r"`line/table:0` is not finite after step 1"):
        train_line(config, tmp_path, loss_of, batches=LineBatches(1e3))
    checkpoints = Checkpoints(built_line(config), tmp_path)
    assert checkpoints.restore_latest() is None
    model = built_line(config)
    Checkpoints(model, tmp_path).restore_best()
    assert all(np.isfinite(value).all() for value in values(model.trainable_variables))


def built_line(config: TrainingConfig, width: int = 3) -> Line:
    model = new_line(config, width)
    model.optimizer.build(model.trainable_variables)
    return model


def test_the_checkpoint_of_another_model_is_refused(tmp_path):
    train_line(LOOP, tmp_path, loss_of)
    other = Checkpoints(built_line(LOOP, width=5), tmp_path)
    with pytest.raises(ArtifactError, match="does not fit this model"):
        other.restore_latest()
    with pytest.raises(ArtifactError, match="does not fit this model"):
        other.restore_best()


@pytest.mark.parametrize("damage", [lambda b: b[:10], lambda b: b"\xff" * len(b)])
@pytest.mark.parametrize("kind", ["data", "index"])
def test_a_damaged_checkpoint_is_refused(tmp_path, kind, damage):
    train_line(LOOP, tmp_path, loss_of)
    path = next((tmp_path / "best").glob(f"*.{kind}*"))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ArtifactError, match="Remove the folder"):
        Checkpoints(built_line(LOOP), tmp_path).restore_best()


def test_without_a_best_checkpoint_the_error_says_so(tmp_path):
    with pytest.raises(ArtifactError, match="holds no checkpoint"):
        Checkpoints(built_line(LOOP), tmp_path).restore_best()


def test_no_latest_checkpoint_is_no_error(tmp_path):
    assert Checkpoints(built_line(LOOP), tmp_path).restore_latest() is None


def test_two_latest_checkpoints_and_one_best_stay(tmp_path):
    train_line(LOOP, tmp_path, loss_of)
    assert len(list((tmp_path / "latest").glob("*.index"))) == 2
    assert len(list((tmp_path / "best").glob("*.index"))) == 1


def test_logs_hold_loss_speed_and_metric(tmp_path):
    with quiet_watch(tmp_path) as watch:
        train_line(LOOP, tmp_path, loss_of, watch)
    found = logged(tmp_path / "logs")
    # Calls end after steps 2, 4, 5, 7, 9, 10, ... : three in each of four epochs.
    assert found["loss"] == found["examples_per_second"] == sorted(found["loss"])
    assert found["loss"][:4] == [2, 4, 5, 7]
    assert found["validation/recall@20"] == list(range(1, len(found["loss"]) // 3 + 1))


def logged(folder: Path) -> dict[str, list[int]]:
    """Steps by tag."""
    steps: dict[str, list[int]] = {}
    for path in sorted(folder.iterdir()):
        for record in tf.compat.v1.io.tf_record_iterator(str(path)):
            event = tf.compat.v1.Event.FromString(record)
            for value in event.summary.value:
                steps.setdefault(value.tag, []).append(event.step)
    return steps
