"""A trained model as it meets a later step: its rows and catalogue stay, the events have gone on.

Legend: E events, N item rows, Q queries.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.dataset import FIRST_ROW, PreparedDataset
from tfrs_models.data.former import Former
from tfrs_models.data.prepare import prepare
from tfrs_models.data.statistics import item_statistics
from tfrs_models.features.encode import encode_tables
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.models.ranker import Ranker
from tfrs_models.models.two_tower import TwoTower
from trainers.ranking.stage import restored_ranker
from trainers.ranking.training import new_encoder
from trainers.ranking.windows import Window, window_of_test
from trainers.restore import restore
from trainers.retraining.backtest.ground import Ground, config_at
from trainers.retraining.backtest.schedule import Training
from trainers.retraining.backtest.steps import Step
from trainers.retraining.warm.former_run import open_parent, retrieval_folder
from trainers.retrieval import Material, new_two_tower

_UNKNOWN_TYPE = np.int8(-1)
"""The code of an event type that a model has never met: it becomes the unknown one."""


@dataclass(frozen=True)
class Restored:
    """A model, and the step that it is asked in.

    Attributes:
        material: whose test part is the step.
        window: the step, with the catalogue and the item statistics of the training.
        two_tower: the first stage.
        ranker: the second; None without one.
    """

    material: Material
    window: Window
    two_tower: TwoTower
    ranker: Ranker | None


def restored(ground: Ground, training: Training, step: Step, scratch: Path) -> Restored:
    """A trained model at the beginning of a step that is not before its own.

    Args:
        ground: the common ground.
        training: done before.
        step: to be scored.
        scratch: for the data of the step.
    """
    folder = ground.model(training.name)
    parent = open_parent(folder)
    former, spec = parent.former, parent.spec
    config = config_at(ground, step)
    dataset = prepare(config.data, config.seed, scratch / "datasets", former)
    dataset = as_known(dataset, former)
    encoder = FeatureEncoder(spec)
    material = Material(config, dataset, spec, encode_tables(encoder, dataset, scratch / "encoded"))
    two_tower = restore(new_two_tower(material), material, retrieval_folder(folder))
    ranker = None
    if config.ranking.enabled:
        ranker = restored_ranker(new_encoder(material, encoder), material, folder / "ranking")
    return Restored(material, as_exported(material, training.step.start), two_tower, ranker)


def as_known(dataset: PreparedDataset, former: Former) -> PreparedDataset:
    """The dataset as a model knows it: what came after its training has no id of its own.

    Args:
        dataset: whose first rows are those of the model.
        former: what the model knows.
    """
    types = dataset.events.type
    code = np.where(types < len(former.event_types), types, _UNKNOWN_TYPE)
    return replace(
        dataset,
        events=replace(dataset.events, type=code),
        known_users=_known(former.vocabulary("user_id")),
        known_items=_known(former.vocabulary("item_id")),
    )


def _known(vocabulary: Path) -> int:
    """The first row without an id of its own."""
    return FIRST_ROW + vocabulary.read_bytes().count(b"\n")


def as_exported(material: Material, moment: int) -> Window:
    """The test window with what a bundle of a moment would hold of the items.

    Args:
        material: of the step.
        moment: microseconds since 1970 UTC; items without an event before it are not listed.
    """
    dataset = material.dataset
    events = dataset.events
    earlier: NDArray[np.bool_] = events.time < moment
    listed = np.zeros(dataset.num_items, np.bool_)
    listed[events.item[earlier]] = True
    liked = earlier & (events.weight > 0)
    statistics = item_statistics(events.item[liked], events.time[liked], dataset.num_items, moment)
    return replace(window_of_test(material), listed=listed, statistics=statistics)
