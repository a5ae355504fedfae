"""One round of one policy: train on its log, show lists, be clicked on, keep what came of it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from configs.errors import ArtifactError
from tfrs_models.data.simulation import behaviour, ground_truth
from tfrs_models.data.simulation.world import World
from tfrs_models.durable import new_folder
from trainers.feedback.experiment import Experiment
from trainers.feedback.panel import visits
from trainers.feedback.policies import Policy
from trainers.feedback.recommend import best_lists, recommend
from trainers.feedback.scene import set_scene
from trainers.feedback.shown import write_shown
from trainers.feedback.slots import Lists, mix

ROUND = "round.npz"
SCRATCH = "scratch"

_MIXING = 2  # keeps these draws apart from those of the panel


@dataclass(frozen=True)
class Round:
    """What a policy showed to the U users of the panel.

    Attributes:
        lists: int64 [U, K] items; -1 is an empty slot.
        clicked: bool [U, K].
        expected: float64 [U], true expected clicks of each list.
        best: float64 [U], those of the best list that the user could have been shown then.
    """

    lists: Lists
    clicked: NDArray[np.bool_]
    expected: NDArray[np.float64]
    best: NDArray[np.float64]


def round_folder(experiment: Experiment, policy: Policy, number: int) -> Path:
    """Where round `number`, from 1, of a policy lies; complete or absent."""
    return experiment.folder / "rounds" / policy.name / f"{number:04}"


def play(experiment: Experiment, policy: Policy, number: int) -> None:
    """Play a round whose predecessors are there."""
    folder = round_folder(experiment, policy, number)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = experiment.folder / SCRATCH
    scratch.mkdir(exist_ok=True)
    # A new name each time: TensorFlow shares the lookup tables of vocabularies of the same path.
    with TemporaryDirectory(dir=scratch) as place, new_folder(folder) as unfinished:
        _play(experiment, policy, number, Path(place), unfinished)


def _play(experiment: Experiment, policy: Policy, number: int, scratch: Path, target: Path) -> None:
    world, panel = experiment.world, experiment.panel
    asked = visits(world, panel, number)
    logged = [round_folder(experiment, policy, earlier) for earlier in range(1, number)]
    scene = set_scene(experiment, asked, logged, scratch)
    random = np.random.default_rng([world.seed, _MIXING, number])
    base = recommend(policy.base, scene)
    lists, propensity = mix(base, scene.allowed, policy.random_share, random)
    # The seed is the round's: the same people have the same luck under every policy.
    response = ground_truth.respond(
        world, panel.users, lists, asked.time_us, seed=world.seed + number
    )
    write_shown(world, panel, asked, lists, propensity, response, target)
    save_round(
        target,
        Round(
            lists=lists,
            clicked=response.clicked,
            expected=expected_clicks(world, scene.chances, lists),
            best=expected_clicks(world, scene.chances, best_lists(scene)),
        ),
    )


def expected_clicks(
    world: World, chances: NDArray[np.float64], lists: Lists
) -> NDArray[np.float64]:
    """True expected clicks of lists, float64 [U], examination included.

    Args:
        world: knows how far people look.
        chances: float64 [U, N], click probabilities of examined items.
        lists: int64 [U, K] items; -1 is an empty slot.
    """
    examined = behaviour.examination(world.options, np.arange(lists.shape[1]))
    shown = np.where(lists >= 0, np.take_along_axis(chances, np.maximum(lists, 0), axis=1), 0.0)
    clicks: NDArray[np.float64] = shown @ examined
    return clicks


def save_round(folder: Path, played: Round) -> None:
    """Write `round.npz`."""
    np.savez(folder / ROUND, **asdict(played))


def load_round(folder: Path) -> Round:
    """Read what `save_round` wrote.

    Raises:
        ArtifactError: it cannot be read.
    """
    try:
        with np.load(folder / ROUND) as arrays:
            return Round(**arrays)
    except (OSError, ValueError, TypeError) as error:
        raise ArtifactError(
            f"`{folder / ROUND}` cannot be read: {error}. Remove `{folder.parent}`, the policy's "
            "rounds, and run the same command again."
        ) from error
