"""What all policies of a comparison share: the world, its log, the panel, the size."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from configs.errors import ConfigError
from configs.run import RunConfig
from configs.run import fingerprint as fingerprint_of_config
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.data.prepare import fingerprint, prepare
from tfrs_models.data.simulation.files import write_world
from tfrs_models.data.simulation.options import Options
from tfrs_models.data.simulation.world import World, build_world
from tfrs_models.durable import new_folder
from trainers.feedback.panel import Panel, draw_panel

WORLD = "world"

_FORMAT = 1
"""Raised with every change of the command that changes what its options give."""


@dataclass(frozen=True)
class Size:
    """How large an experiment is; another size is another experiment.

    Attributes:
        users: people who come in every round, at most.
        k: length of the lists.
        epochs: passes of a retrieval training, at most.
    """

    users: int
    k: int
    epochs: int


@dataclass(frozen=True)
class Experiment:
    """The common ground of the policies.

    Attributes:
        config: of the run; its data are the simulated world.
        size: see there.
        folder: where everything lies; `world` in it holds the log before the first round.
        world: who answers.
        panel: the U users who come in every round.
        popularity: int64 [N], positive events of each item before the first round.
    """

    config: RunConfig
    size: Size
    folder: Path
    world: World
    panel: Panel
    popularity: NDArray[np.int64]


def world_options(config: RunConfig, k: int) -> Options:
    """The settings of the simulated world.

    Raises:
        ConfigError: the data are not simulated, or the lists longer than the catalogue.
    """
    options = config.data.source_options
    if not isinstance(options, Options):
        raise ConfigError(
            "`data.source` must be `simulated`: only a simulated user can be shown another list. "
            f"Received `{config.data.source}`; add `--set data.source=simulated` or choose another "
            "`--config`."
        )
    if k > options.items:
        raise ConfigError(
            f"`--k` must be at most `data.simulated.items`, {options.items:,}; received {k:,}. "
            "Shorten the lists or enlarge the catalogue."
        )
    return options


def experiment_folder(artifacts: Path, config: RunConfig, size: Size) -> Path:
    """`<artifacts>/feedback/<name>-<8 digits>`: other settings or another size lie elsewhere."""
    data = fingerprint(config.data, config.seed)
    text = f"{_FORMAT} {fingerprint_of_config(config)} {data} {asdict(size)}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return artifacts / "feedback" / f"{config.name}-{digest[:8]}"


def begin(config: RunConfig, size: Size, artifacts: Path, folder: Path) -> Experiment:
    """Write the world's log, once, and draw the panel from it."""
    world = build_world(world_options(config, size.k), config.seed)
    if not (folder / WORLD).exists():
        with new_folder(folder / WORLD) as unfinished:
            write_world(world, unfinished)
    dataset = prepare(config.data, config.seed, artifacts / "datasets")
    positive = dataset.events.weight > 0
    users = world_numbers(dataset, "user")[dataset.events.user[positive]]
    items = world_numbers(dataset, "item")[dataset.events.item[positive]]
    positives = np.bincount(users, minlength=world.options.users)
    popularity = np.bincount(items, minlength=world.options.items)
    panel = draw_panel(positives, size.users, config.seed)
    return Experiment(config, size, folder, world, panel, popularity)


def world_numbers(dataset: PreparedDataset, table: str) -> NDArray[np.int64]:
    """The world's number of each user or item row: int64 [rows]; -1 for the reserved ones."""
    import pyarrow.parquet as pq

    ids: Sequence[str] = pq.read_table(dataset.folder / f"{table}s.parquet")[
        f"{table}_id"
    ].to_pylist()
    return np.array([-1, -1, *(int(name[1:]) for name in ids)], np.int64)
