"""What a policy knows when it fills the lists of a round."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from configs.load import changed
from configs.run import RunConfig
from tfrs_models.data.dataset import TEST, PreparedDataset
from tfrs_models.data.prepare import prepare
from tfrs_models.data.simulation import ground_truth
from tfrs_models.evaluation.queries import Queries, training_queries
from trainers.feedback.experiment import WORLD, Experiment, world_numbers
from trainers.feedback.panel import Visits
from trainers.feedback.shown import EVENTS, REQUEST, write_requests

_REQUESTS = "requests.parquet"
_FOREVER_SECONDS = 1e12  # rounds come after the window, which may end today


@dataclass(frozen=True)
class Scene:
    """One policy's log so far, and the U requests of a round.

    Attributes:
        config: of the loop: everything logged is for training.
        dataset: the log and the requests.
        queries: the requests, in the order of the panel.
        item_number: int64 [num_items], the world's number of each item row; -1 where there is none.
        allowed: bool [U, N], what a user may be shown.
        chances: float64 [U, N], true click probabilities; for the oracle and for the measures.
        k: length of the lists.
        folder: scratch space.
    """

    config: RunConfig
    dataset: PreparedDataset
    queries: Queries
    item_number: NDArray[np.int64]
    allowed: NDArray[np.bool_]
    chances: NDArray[np.float64]
    k: int
    folder: Path


def set_scene(
    experiment: Experiment, asked: Visits, logged: Sequence[Path], scratch: Path
) -> Scene:
    """Prepare the log of the world and of the rounds so far.

    Args:
        experiment: the common ground.
        asked: the visits of the round.
        logged: folders of the policy's earlier rounds.
        scratch: an empty folder.
    """
    world, panel = experiment.world, experiment.panel
    write_requests(world, panel, asked, scratch / _REQUESTS)
    config = loop_config(experiment, logged, scratch)
    dataset = prepare(config.data, config.seed, scratch / "datasets")
    queries = requests(dataset)
    item_number = world_numbers(dataset, "item")
    allowed = np.ones((len(panel), world.options.items), np.bool_)
    if config.evaluation.exclude_seen:
        allowed[queries.seen.owners, item_number[queries.seen.items]] = False
    return Scene(
        config=config,
        dataset=dataset,
        queries=queries,
        item_number=item_number,
        allowed=allowed,
        chances=ground_truth.click_probabilities(world, panel.users, asked.time_us),
        k=experiment.size.k,
        folder=scratch,
    )


def loop_config(experiment: Experiment, logged: Sequence[Path], scratch: Path) -> RunConfig:
    """The run's configuration, to train on all of the log; the requests are its test part."""
    config, home = experiment.config, experiment.folder / WORLD
    epochs = min(experiment.size.epochs, config.retrieval.training.epochs)
    return changed(
        config,
        {
            "data.source": "files",
            "data.files.events": {
                "train": [str(folder / EVENTS) for folder in (home, *logged)],
                "test": [str(scratch / _REQUESTS)],
            },
            "data.files.items": str(home / "items.parquet"),
            "data.files.users": str(home / "users.parquet"),
            "data.events.weights": {REQUEST: 0},
            "data.split.type": "given",
            "data.validation.max_future_seconds": _FOREVER_SECONDS,
            "retrieval.training.epochs": epochs,
        },
    )


def requests(dataset: PreparedDataset) -> Queries:
    """The query of each request, after all positives of its user, in the order of the panel."""
    events = dataset.events
    after_training = training_queries(dataset, np.flatnonzero(events.learned))
    asked = np.flatnonzero(events.split == TEST)
    place = np.searchsorted(after_training.user, events.user[asked])
    order = np.argsort(world_numbers(dataset, "user")[events.user[asked]])
    asked, place = asked[order], place[order]
    return replace(after_training.take(place), time=events.time[asked], event=asked)
