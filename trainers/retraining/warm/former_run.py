"""What a finished run leaves for one that goes on from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.run import RunConfig
from tfrs_models.data.former import Former
from tfrs_models.features.spec import VOCABULARIES, FeatureSpec
from trainers.folders import DONE, read_done
from trainers.retraining.warm.weights import Saved, read_saved
from trainers.run import Parent

_MEANING = (
    "seed",
    "features",
    "retrieval",
    "ranking",
    "data.events",  # which events are positive, and how much each counts
    "data.files.item_table.columns",  # what the features read of items and users
    "data.files.user_table.columns",
    "evaluation.exclude_seen",  # whether what a user took before is a target
)
"""The settings that decide what weights mean; others decide from which data they are learned."""


@dataclass(frozen=True)
class FormerRanking:
    """The ranking stage of a finished run.

    Attributes:
        saved: weights and slots.
        calibrators: of the binary tasks, as the stage recorded them.
    """

    saved: Saved
    calibrators: Mapping[str, Any]


@dataclass(frozen=True)
class FormerRun:
    """A finished run.

    Attributes:
        parent: its rows and features.
        retrieval: weights and slots of the retrieval stage.
        ranking: of the second stage; None where there is none.
        trained_until: microseconds since 1970, from which on its retrieval knows nothing.
    """

    parent: Parent
    retrieval: Saved
    ranking: FormerRanking | None
    trained_until: int


def open_former(folder: Path, trained_until: int) -> FormerRun:
    """Read a run.

    Raises:
        ArtifactError: it is not finished, or a file is missing or damaged.
    """
    parent = open_parent(folder)
    return FormerRun(
        parent,
        read_saved(retrieval_folder(folder), parent.spec),
        _ranking(folder / "ranking", parent.spec),
        trained_until,
    )


def open_parent(folder: Path) -> Parent:
    """Rows and features of a finished run."""
    spec = FeatureSpec.load(folder / "features")
    types = tuple(read_done(folder / "data")["event_types"])
    return Parent(Former(spec.folder / VOCABULARIES, types), spec)


def retrieval_folder(folder: Path) -> Path:
    """Where the retrieval model that a finished run ended with lies."""
    refit = folder / "refit"
    return refit if (refit / DONE).exists() else folder / "retrieval"


def _ranking(folder: Path, spec: FeatureSpec) -> FormerRanking | None:
    if not (folder / DONE).exists():
        return None
    return FormerRanking(read_saved(folder / "model", spec), read_done(folder)["calibrators"])


def same_model(former: RunConfig, present: RunConfig) -> bool:
    """Whether weights of one configuration mean the same in the other."""
    before, now = (config.model_dump(mode="json") for config in (former, present))
    return all(_setting(before, name) == _setting(now, name) for name in _MEANING)


def _setting(config: Any, name: str) -> Any:
    """A setting by its dotted name; None where there is none."""
    for key in name.split("."):
        config = config.get(key) if isinstance(config, Mapping) else None
    return config
