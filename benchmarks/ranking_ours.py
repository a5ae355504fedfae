"""Our ranking model on rows of a table: each row is a request with one candidate.

It is trained twice, as the product does: without a share of the rows, which decide when to stop
and calibrate, and then on all of them.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ranking_rows import RowBatches, Rows
from rich.console import Console

from configs.errors import ConfigError
from configs.ranking import RankingConfig
from configs.run import RunConfig
from configs.training import TrainingConfig
from tfrs_models.backend import tf
from tfrs_models.calibration._calibration import Calibrator
from tfrs_models.features.encode import Encoded
from tfrs_models.features.spec import FeatureSpec
from tfrs_models.metrics.auc import auc
from tfrs_models.metrics.pointwise import rmse
from tfrs_models.models.wide_deep import RankingInputs, WideDeep
from tfrs_models.objectives._pairs import objective
from trainers.loop import Fit, Plan, fit, known_epochs, steps_taken
from trainers.optimizers.build import ranking_optimizer
from trainers.run import make_deterministic
from trainers.watch import Watch

Vector = NDArray[np.float64]
Labels = Mapping[str, Vector]
METRIC = "mean metric"
_ROWS_A_CALL = 16_384


def train_and_predict(
    spec: FeatureSpec,
    train: Encoded,
    labels: Labels,
    test: Encoded,
    config: RunConfig,
    seed: int,
) -> tuple[dict[str, Vector], float]:
    """Train on encoded rows and predict others.

    Args:
        spec: the features, all of the context, and the crosses.
        train: encoded training rows.
        labels: float64 [N] by task; the tasks of `config.ranking`.
        test: encoded rows to predict.
        config: of which `ranking` is read; `ranking.holdout_share` of the training rows validate.
        seed: of everything.

    Returns:
        probabilities or numbers of the test rows, float64 by task, and the seconds of it all.

    Raises:
        ConfigError: the tasks are others than the labels.
    """
    _check_tasks(config.ranking, labels)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        training = Training(config.ranking, seed, Path(folder))
        rows = Rows.of(spec, train)
        kept, held = _divide(len(rows), config.ranking.holdout_share, seed)
        one, fitted = training.select(rows, labels, kept, held)
        calibrators = _calibrators(config.ranking, logits(one, rows.take(held)), labels, held)
        model = training.on_all(rows, labels, max(fitted.best_epoch, 1))
        found = logits(model, Rows.of(spec, test))
    return _predictions(model, found, calibrators), time.perf_counter() - start


def _check_tasks(config: RankingConfig, labels: Labels) -> None:
    if set(config.tasks) != set(labels):
        raise ConfigError(
            f"`ranking.tasks` must be those of the data, {', '.join(labels)}; received "
            f"{', '.join(config.tasks)}"
        )


def _divide(size: int, share: float, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    order = np.random.default_rng(seed).permutation(size)
    return order[round(size * share) :], order[: round(size * share)]


@dataclass(frozen=True)
class Training:
    """How a model is trained.

    Attributes:
        config: the model and the loop.
        seed: of weights, order and dropout.
        folder: of the checkpoints.
    """

    config: RankingConfig
    seed: int
    folder: Path

    def select(
        self, rows: Rows, labels: Labels, kept: NDArray[np.intp], held: NDArray[np.intp]
    ) -> tuple[WideDeep, Fit]:
        """The model that validates best on the `held` rows, having learned from the `kept`."""
        model = self.new(rows)
        predict = predictor(model, rows.take(held))
        metrics = {name: _metric(task.objective.type) for name, task in self.config.tasks.items()}

        def evaluate() -> float:
            found = model.predictions(predict())
            return fmean(m(found[n].numpy(), labels[n][held]) for n, m in metrics.items())

        learned = {name: values[kept] for name, values in labels.items()}
        training = self.config.training
        with self._watch("select") as watch:
            return model, self.fit(model, rows.take(kept), learned, training, evaluate, watch)

    def on_all(self, rows: Rows, labels: Labels, epochs: int) -> WideDeep:
        """A model that has learned from every row for some epochs."""
        model = self.new(rows)
        training = known_epochs(self.config.training, epochs)
        with self._watch("all") as watch:
            self.fit(model, rows, labels, training, partial(steps_taken, model), watch)
        return model

    def _watch(self, title: str) -> Watch:
        return Watch(title, METRIC, self.folder / title / "logs", Console(quiet=True))

    def new(self, rows: Rows) -> WideDeep:
        """An untrained model."""
        make_deterministic(self.seed)
        spec = rows.spec
        inputs = RankingInputs(
            spec.features, candidate=(), crosses=spec.crosses, num_history_ids=0, pairs=0
        )
        return WideDeep(inputs, self.config, self.seed)

    def fit(
        self,
        model: WideDeep,
        rows: Rows,
        labels: Labels,
        training: TrainingConfig,
        evaluate: Callable[[], float],
        watch: Watch,
    ) -> Fit:
        """Train by some settings of the loop; checkpoints lie in a new folder."""
        stacked = np.stack([labels[task] for task in self.config.tasks], axis=1)
        batches = RowBatches(rows, stacked.astype(np.float32), training.batch_size, self.seed)
        # Step sizes fall as in the training that chose the epochs.
        steps = Plan.of(self.config.training, batches).total_steps
        model.compile(optimizer=ranking_optimizer(self.config, steps))
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        scale = partial(_scale, model, labels)
        return fit(model, batches, training, evaluate, folder, watch, scale)


def _scale(model: WideDeep, labels: Labels) -> None:
    """Place the outputs at the mean of their labels."""
    scaling = [
        objective(task.objective.type).scaling(labels[name], np.ones(len(labels[name])))
        for name, task in model.tasks.items()
    ]
    model.scaling.assign(tf.constant(scaling, tf.float32))


def _metric(name: str) -> Callable[[Vector, Vector], float]:
    """Of predictions and labels; higher is better."""
    return auc if name == "binary" else lambda found, labels: -rmse(found, labels)


def predictor(model: WideDeep, rows: Rows) -> Callable[[], dict[str, NDArray[np.float32]]]:
    """A function that gives the present logits of rows, [N] by task."""
    read = rows.reader()
    compiled = tf.function(
        lambda index: model.logits(*read(index)),
        input_signature=[tf.TensorSpec([None], tf.int64)],
        autograph=False,
    )

    def predict() -> dict[str, NDArray[np.float32]]:
        starts = range(0, len(rows), _ROWS_A_CALL)
        ends = (min(start + _ROWS_A_CALL, len(rows)) for start in starts)
        blocks = [
            compiled(tf.range(a, b, dtype=tf.int64)) for a, b in zip(starts, ends, strict=True)
        ]
        return {name: np.concatenate([block[name] for block in blocks]) for name in model.tasks}

    return predict


def logits(model: WideDeep, rows: Rows) -> dict[str, NDArray[np.float32]]:
    """Logits of rows, [N] by task."""
    return predictor(model, rows)()


def _calibrators(
    config: RankingConfig,
    found: Mapping[str, NDArray[np.float32]],
    labels: Labels,
    held: NDArray[np.intp],
) -> dict[str, Calibrator]:
    return {
        name: Calibrator.fit(config.calibration, found[name], labels[name][held])
        for name, task in config.tasks.items()
        if task.objective.type == "binary"
    }


def _predictions(
    model: WideDeep,
    found: Mapping[str, NDArray[np.float32]],
    calibrators: Mapping[str, Calibrator],
) -> dict[str, Vector]:
    raw = model.predictions({name: tf.constant(one) for name, one in found.items()})
    every: dict[str, Any] = {**raw, **{n: c.apply(found[n]) for n, c in calibrators.items()}}
    return {name: np.asarray(one, np.float64) for name, one in every.items()}
