"""Trains the ranking stage: once to decide when to stop and to calibrate, then on everything."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from configs.ranking import RankingConfig
from configs.training import TrainingConfig
from tfrs_models.backend import tf
from tfrs_models.calibration._calibration import Calibrator
from tfrs_models.data.statistics import check_statistics
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.ranking_encoder import RankingEncoder
from tfrs_models.models.wide_deep import RankingInputs, WideDeep
from tfrs_models.objectives._pairs import check_labels
from trainers.loop import Fit, Plan, fit, known_epochs, steps_taken
from trainers.optimizers.build import ranking_optimizer
from trainers.ranking.batches import Pools, RankingBatches
from trainers.ranking.initial import set_initial_values
from trainers.ranking.requests import Requests
from trainers.ranking.scoring import Logits, list_logits, reorder
from trainers.ranking.windows import Window
from trainers.retrieval import Material
from trainers.validation import mean_metric, parse_metric
from trainers.watch import Watch


@dataclass(frozen=True)
class Examples:
    """What a ranker learns from.

    Attributes:
        windows: stretches of time.
        requests: of each window.
        item_embeddings: float32 [N, D], of the items by the retrieval of the last window.
    """

    windows: Sequence[Window]
    requests: Sequence[Requests]
    item_embeddings: NDArray[np.float32]

    def __len__(self) -> int:
        return sum(len(part) for part in self.requests)


def new_wide_deep(material: Material, encoder: RankingEncoder) -> WideDeep:
    """An untrained model."""
    inputs = RankingInputs.of(material.spec, len(encoder.pairs.names))
    return WideDeep(inputs, material.config.ranking, material.config.seed)


def new_encoder(material: Material, encoder: FeatureEncoder) -> RankingEncoder:
    """The features of pairs."""
    return RankingEncoder(encoder, material.encoded.item)


def select(
    examples: Examples, encoder: RankingEncoder, material: Material, folder: Path, watch: Watch
) -> tuple[WideDeep, Fit, Examples]:
    """Train without the latest requests, which decide when to stop.

    Returns:
        the model with the weights that validated best, the training, and the held-out requests.

    Raises:
        DataError: too few requests, or a task without labels.
    """
    config = material.config.ranking
    learned, held_out = _divide(examples, config.holdout_share)
    _check(learned, config)
    model = new_wide_deep(material, encoder)
    evaluate = _validation(model, held_out, encoder, material)
    fitted = _fit(model, learned, encoder, material, config.training, evaluate, folder, watch)
    return model, fitted, held_out


def train_on_all(
    examples: Examples,
    encoder: RankingEncoder,
    material: Material,
    epochs: int,
    folder: Path,
    watch: Watch,
    start: Callable[[WideDeep], None] | None = None,
) -> tuple[WideDeep, Fit]:
    """Train on every request for a known number of epochs.

    `start` gives the weights their first values, instead of the scale of inputs and labels.
    """
    training = known_epochs(material.config.ranking.training, epochs)
    model = new_wide_deep(material, encoder)
    grows = partial(steps_taken, model)
    return model, _fit(model, examples, encoder, material, training, grows, folder, watch, start)


def calibrate(
    model: WideDeep, held_out: Examples, encoder: RankingEncoder, config: RankingConfig
) -> dict[str, Calibrator]:
    """Calibrators of the binary tasks, from requests that the model was not trained on.

    Every candidate of a retrieved list counts, as it will when serving.
    """
    names = [n for n, task in config.tasks.items() if task.objective.type == "binary"]
    logits = [
        list_logits(model, window, part, encoder)()
        for window, part in zip(held_out.windows, held_out.requests, strict=True)
    ]
    places = list(config.tasks)
    return {
        name: Calibrator.fit(
            config.calibration, *_labelled(held_out.requests, logits, name, places.index(name))
        )
        for name in names
    }


def _labelled(
    requests: Sequence[Requests], logits: Sequence[Logits], name: str, place: int
) -> tuple[Any, Any]:
    """Logits and labels of one task where the label is known."""
    found = []
    for part, one in zip(requests, logits, strict=True):
        labels = part.labels[:, : part.retrieved, place]
        known = ~np.isnan(labels)
        found.append((one[name][known], labels[known]))
    return np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])


def _divide(examples: Examples, share: float) -> tuple[Examples, Examples]:
    """Training requests, and held-out ones: the last window, or the latest share of the only one.

    Whole windows, because requests of one share its fashions: the ids of what was in fashion would
    validate, and be of no use in the window after it.
    """
    ends = np.cumsum([len(part) for part in examples.requests])
    size = int(ends[-1])
    latest = np.zeros(size, np.bool_)
    if len(examples.windows) > 1:
        latest[ends[-2] :] = True
    else:
        times = examples.requests[0].queries.time
        latest[np.argsort(-times, kind="stable")[: round(size * share)]] = True
    if latest.all() or not latest.any():
        raise _too_little(f"there are {size}")
    return _where(examples, ~latest), _where(examples, latest)


def _where(examples: Examples, chosen: Any) -> Examples:
    ends = np.cumsum([0, *(len(part) for part in examples.requests)])
    rows = [np.flatnonzero(chosen[a:b]) for a, b in itertools.pairwise(ends)]
    kept = [place for place, one in enumerate(rows) if len(one)]
    return Examples(
        [examples.windows[place] for place in kept],
        [examples.requests[place].take(rows[place]) for place in kept],
        examples.item_embeddings,
    )


def _check(examples: Examples, config: RankingConfig) -> None:
    for window in examples.windows:
        check_statistics(window.statistics)
    number = sum(int(part.positive.sum()) for part in examples.requests)
    if number < config.training.accumulate_batches:
        raise _too_little(f"the retrieval found {number} of what they took")
    for place, (name, task) in enumerate(config.tasks.items()):
        labels = np.concatenate([part.labels[:, :, place].ravel() for part in examples.requests])
        check_labels(name, task.objective.type, labels)


def _too_little(found: str) -> DataError:
    return DataError(
        f"the ranking stage trains and validates on the users with validation events, and {found}: "
        "enlarge the validation part of `data.split.options`, or set `ranking.enabled: false`"
    )


def _fit(
    model: WideDeep,
    examples: Examples,
    encoder: RankingEncoder,
    material: Material,
    training: TrainingConfig,
    evaluate: Callable[[], float],
    folder: Path,
    watch: Watch,
    start: Callable[[WideDeep], None] | None = None,
) -> Fit:
    config = material.config.ranking
    pools = Pools(examples.windows, examples.requests, encoder)
    batches = RankingBatches(pools, config, material.config.seed)
    planned = Plan.of(config.training, batches)
    model.compile(optimizer=ranking_optimizer(config, planned.total_steps))
    vectors = examples.item_embeddings
    initialize = (
        partial(set_initial_values, model, batches, pools, config, vectors)
        if start is None
        else partial(start, model)
    )
    return fit(model, batches, training, evaluate, folder, watch, initialize)


def _validation(
    model: WideDeep, held_out: Examples, encoder: RankingEncoder, material: Material
) -> Callable[[], float]:
    """The metric of the held-out requests, by the final score without calibration."""
    from configs.formula import evaluate as value

    name, k = parse_metric("ranking", material.config.ranking.validation_metric)
    parts = list(zip(held_out.windows, held_out.requests, strict=True))
    scorers = [list_logits(model, window, part, encoder) for window, part in parts]

    def evaluate() -> float:
        total = 0.0
        for (_, part), score in zip(parts, scorers, strict=True):
            outputs = model.predictions({n: tf.constant(one) for n, one in score().items()})
            scores = np.asarray(value(material.config.ranking.formula, outputs))
            lists = reorder(part.lists, scores)
            total += len(part) * mean_metric(lists, part.queries, name, k)
        return total / len(held_out)

    return evaluate
