"""Trains both stages from where a former run stopped.

Legend: E events.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from configs.errors import DataError
from configs.retraining import WarmConfig
from configs.run import RunConfig
from configs.training import TrainingConfig
from tfrs_models.features.encoder import FeatureEncoder
from trainers.retraining.warm.former_run import FormerRun
from trainers.retraining.warm.ranking import train_ranking
from trainers.retraining.warm.retrieval import train_retrieval
from trainers.retrieval import Material
from trainers.run import Trained, make_deterministic


def train_warm(
    former: FormerRun,
    made: tuple[Material, FeatureEncoder],
    fresh: NDArray[np.bool_],
    settings: WarmConfig,
    folder: Path,
    console: Console,
) -> Trained:
    """Train what is not trained yet; a run that was killed goes on where it stopped.

    The ranker learns from the requests since the former retrieval was trained, with the lists that
    this one returned for them; then the retrieval learns from the users with new events.

    Args:
        former: what it goes on from.
        made: what `prepared` gives for the former run as parent.
        fresh: bool [E], the events that the former run has not learned.
        settings: of the warm training.
        folder: of the run.
        console: is told of the progress.

    Raises:
        DataError: users or items have grown by more than is allowed.
    """
    material, encoder = made
    make_deterministic(material.config.seed)
    check_growth(former, material, settings.max_growth)
    slowed = replace(material, config=with_small_steps(material.config, settings.step_size))
    ranker = None
    if former.ranking is not None:
        ranker = train_ranking(
            former, former.ranking, slowed, encoder, settings, folder / "ranking", console
        )
    two_tower = train_retrieval(former, slowed, fresh, settings, folder / "retrieval", console)
    return Trained(material, encoder, two_tower, ranker)


def check_growth(former: FormerRun, material: Material, most: float) -> None:
    """Check that neither users nor items exploded.

    Raises:
        DataError: they grew by a share above `most`.
    """
    dataset = material.dataset
    for name, known in (("user_id", dataset.known_users), ("item_id", dataset.known_items)):
        before = former.parent.spec.feature(name).output.num_ids
        if known - before > most * before:
            raise DataError(
                f"`{name}` grew from {before:,} known ids to {known:,}, by more than "
                f"`retraining.warm.max_growth` = {most}: look whether ids of another kind came in. "
                "If it is right, raise the setting; instead of that, a retraining can begin anew "
                "once, with `tfrs retrain --full`."
            )


def with_small_steps(config: RunConfig, step_size: float) -> RunConfig:
    """The configuration with smaller steps, none of which decay."""

    def slowed(training: TrainingConfig) -> TrainingConfig:
        return training.model_copy(
            update={
                "learning_rate": training.learning_rate * step_size,
                "embedding_learning_rate": training.embedding_learning_rate * step_size,
                "decay": "constant",
                "warmup_steps": 0,
            }
        )

    stages = {
        name: section.model_copy(update={"training": slowed(section.training)})
        for name, section in (("retrieval", config.retrieval), ("ranking", config.ranking))
    }
    return config.model_copy(update=stages)
