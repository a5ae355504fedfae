"""The training loop: compiled calls of many steps, evaluations, early stopping, exact resume.

A batch is a function of (seed, step) alone, so weights, slots and the step number are the whole
state: a run that was killed and goes on ends with the same weights as one that was not.
"""

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from configs.errors import DataError
from configs.training import TrainingConfig
from tfrs_models.backend import tf
from trainers.checkpoints import Checkpoints
from trainers.watch import Watch


class Batches(Protocol):
    """Where the batches come from."""

    @property
    def steps_per_epoch(self) -> int:
        """Batches of one epoch, a multiple of `accumulate_batches`."""

    @property
    def variables(self) -> Sequence[Any]:
        """State that changes with the steps, beside that of the model."""

    def data(self, step: int) -> tuple[Mapping[str, Any], int]:
        """The tensors that `batch` reads at a step, and one past the last step they serve."""

    def batch(self, step: Any, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The batch of a step (int64 scalar tensor); traced into the compiled loop."""


@dataclass(frozen=True)
class State:
    """What a checkpoint knows beside weights and slots.

    Attributes:
        step: steps taken.
        best: best validation metric so far.
        best_epoch: epoch of the best metric, 0 before training.
        stale: evaluations since.
        examples: examples trained on so far.
        seconds: training time so far, without evaluations.
        curve: one record for each evaluation.
    """

    step: int = 0
    best: float = -math.inf
    best_epoch: int = 0
    stale: int = 0
    examples: int = 0
    seconds: float = 0.0
    curve: tuple[Mapping[str, float], ...] = ()

    def to_json(self) -> str:
        """As text that `from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "State":
        """Read `to_json`'s text."""
        raw = json.loads(text)
        return cls(**{**raw, "curve": tuple(raw["curve"])})


@dataclass(frozen=True)
class Fit:
    """The outcome of a training.

    Attributes:
        best: best validation metric.
        best_epoch: its epoch; the model holds the weights of that moment.
        epochs: epochs trained.
        seconds: training time, without evaluations.
        examples_per_second: examples trained in a second of that time.
        curve: one record for each evaluation.
    """

    best: float
    best_epoch: int
    epochs: int
    seconds: float
    examples_per_second: float
    curve: tuple[Mapping[str, float], ...]


@dataclass(frozen=True)
class Plan:
    """Optimizer steps of a training, derived from its settings.

    Attributes:
        steps_per_epoch: of one pass over the examples.
        steps_per_evaluation: between two evaluations.
        total_steps: at most.
        steps_per_call: of one compiled call at most.
        batches_per_step: whose gradients a step averages.
    """

    steps_per_epoch: int
    steps_per_evaluation: int
    total_steps: int
    steps_per_call: int
    batches_per_step: int

    @classmethod
    def of(cls, config: TrainingConfig, batches: Batches) -> "Plan":
        """The plan for these settings and batches."""
        per_epoch = batches.steps_per_epoch // config.accumulate_batches
        return cls(
            steps_per_epoch=per_epoch,
            steps_per_evaluation=per_epoch * config.evaluate_every_epochs,
            total_steps=per_epoch * config.epochs,
            steps_per_call=config.steps_per_call,
            batches_per_step=config.accumulate_batches,
        )

    def steps_from(self, step: int, last_batch: int) -> int:
        """Steps of the next compiled call: it ends at an evaluation at the latest.

        Args:
            step: steps taken.
            last_batch: one past the last batch that the present data serve.
        """
        to_evaluation = self.steps_per_evaluation - step % self.steps_per_evaluation
        to_other_data = last_batch // self.batches_per_step - step
        return min(self.steps_per_call, to_evaluation, self.total_steps - step, to_other_data)

    def evaluates_at(self, step: int) -> bool:
        """Whether an evaluation follows this step."""
        return step % self.steps_per_evaluation == 0 or step == self.total_steps


def known_epochs(config: TrainingConfig, epochs: int) -> TrainingConfig:
    """The settings of a training of so many epochs, 0 included, evaluated at its end alone."""
    changes = {"epochs": epochs, "evaluate_every_epochs": max(epochs, 1)}
    return config.model_copy(update=changes)


def steps_taken(model: Any) -> float:
    """A metric that grows while a compiled model trains, so that its last weights are the best."""
    return float(model.optimizer.iterations.numpy())


def fit(
    model: Any,
    batches: Batches,
    config: TrainingConfig,
    evaluate: Callable[[], float],
    folder: Path,
    watch: Watch,
    initialize: Callable[[], None] = lambda: None,
) -> Fit:
    """Train until the metric stops rising; leaves the best weights in the model.

    Args:
        model: compiled, with an optimizer.
        batches: the training examples.
        config: the loop's settings.
        evaluate: returns the validation metric of the model's present weights; higher is better.
        folder: checkpoints; a training that was interrupted there goes on.
        watch: is told of each call and evaluation.
        initialize: gives the weights their initial values where a training begins.

    Raises:
        DataError: the loss or a weight is not finite.
    """
    plan = Plan.of(config, batches)
    first_data, _ = batches.data(0)
    model.compute_loss(batches.batch(tf.constant(0, tf.int64), first_data), training=False)
    model.optimizer.build(model.trainable_variables)
    checkpoints = Checkpoints(model, folder, batches.variables)
    text = checkpoints.restore_latest()
    if text:
        state = State.from_json(text)
    else:
        initialize()
        state = _first_evaluation(evaluate, checkpoints)
    state = _train(model, batches, config, plan, evaluate, checkpoints, watch, state)
    checkpoints.restore_best()
    return Fit(
        best=state.best,
        best_epoch=state.best_epoch,
        epochs=state.step // plan.steps_per_epoch,
        seconds=state.seconds,
        examples_per_second=state.examples / max(state.seconds, 1e-9),
        curve=state.curve,
    )


def _first_evaluation(evaluate: Callable[[], float], checkpoints: Checkpoints) -> State:
    """The untrained model counts: a ranker starts from the retrieved order and may only improve."""
    state = State(best=evaluate())
    checkpoints.save_best()
    return state


def _train(
    model: Any,
    batches: Batches,
    config: TrainingConfig,
    plan: Plan,
    evaluate: Callable[[], float],
    checkpoints: Checkpoints,
    watch: Watch,
    state: State,
) -> State:
    run_steps = _compile(model, batches, plan.batches_per_step)
    saved = time.monotonic()
    while state.step < plan.total_steps and state.stale < config.patience:
        state = _call(model, run_steps, plan, batches, watch, state)
        evaluates = plan.evaluates_at(state.step)
        if not evaluates and time.monotonic() - saved < config.checkpoint_seconds:
            continue
        _check_weights(model, state.step)
        if evaluates:
            state = _evaluate(evaluate, plan, checkpoints, watch, state, model)
        checkpoints.save_latest(state.to_json())
        saved = time.monotonic()
    if plan.total_steps == 0:
        checkpoints.save_latest(state.to_json())  # another training may go on from here
    return state


Compiled = Callable[[Any, Any, Mapping[str, Any]], None]
"""First step, number of steps, data."""


def _compile(model: Any, batches: Batches, batches_per_step: int) -> Compiled:
    def train(step: Any, data: Mapping[str, Any]) -> None:
        places = [step * batches_per_step + number for number in range(batches_per_step)]
        model.train_on([batches.batch(place, data) for place in places])

    def run_steps(first: Any, steps: Any, data: Mapping[str, Any]) -> None:
        def body(step: Any) -> Any:
            train(step, data)
            return step + 1

        tf.while_loop(lambda step: step < first + steps, body, [first], parallel_iterations=1)

    compiled: Compiled = tf.function(run_steps, reduce_retracing=True, autograph=False)
    return compiled


def _call(
    model: Any,
    run_steps: Compiled,
    plan: Plan,
    batches: Batches,
    watch: Watch,
    state: State,
) -> State:
    data, last_batch = batches.data(state.step * plan.batches_per_step)
    steps = plan.steps_from(state.step, last_batch)
    model.reset_metrics()
    start = time.perf_counter()
    run_steps(tf.constant(state.step, tf.int64), tf.constant(steps, tf.int64), data)
    loss, examples = float(model.loss_mean.result()), int(model.examples.result())
    seconds = time.perf_counter() - start
    if not math.isfinite(loss):
        raise _diverged(f"the loss is {loss}", state.step + steps)
    watch.steps(state.step + steps, plan, loss, examples / seconds)
    return replace(
        state,
        step=state.step + steps,
        examples=state.examples + examples,
        seconds=state.seconds + seconds,
    )


def _check_weights(model: Any, step: int) -> None:
    """A loss is that of the weights before its step: those after the last one may be broken."""
    for variable in model.trainable_variables:
        if not tf.reduce_all(tf.math.is_finite(variable)):
            raise _diverged(f"`{variable.name}` is not finite", step)


def _diverged(what: str, step: int) -> DataError:
    return DataError(
        f"{what} after step {step}: the training has diverged. The last sound checkpoint stays. "
        "Lower `training.learning_rate` and `training.embedding_learning_rate`, set "
        "`training.clip_norm`, or set `training.precision: float32` where it is bfloat16; look for "
        "extreme values in dense features."
    )


def _evaluate(
    evaluate: Callable[[], float],
    plan: Plan,
    checkpoints: Checkpoints,
    watch: Watch,
    state: State,
    model: Any,
) -> State:
    metric = evaluate()
    epoch = state.step // plan.steps_per_epoch
    record = {"epoch": epoch, "loss": float(model.loss_mean.result()), "metric": metric}
    watch.evaluation(epoch, metric, max(metric, state.best))
    state = replace(state, curve=(*state.curve, record))
    if metric <= state.best:
        return replace(state, stale=state.stale + 1)
    checkpoints.save_best()
    return replace(state, best=metric, best_epoch=epoch, stale=0)
