"""What a run's report says of the run itself."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from configs.errors import ArtifactError
from configs.run import fingerprint
from exports.contest import Contest
from exports.manifest import read_manifest
from exports.runs import BUNDLE
from tfrs_models.evaluation.queries import Queries
from trainers.folders import DONE, read_done

if TYPE_CHECKING:
    from trainers.retrieval import Material

STAGES = ("prepare", "retrieval", "ranking", "refit", "export")


@dataclass(frozen=True)
class About:
    """A run, apart from its measurements.

    Attributes:
        name: the run's name.
        facts: what stands at the top of the page, text by name.
        candidates: the configured number of retrieved candidates.
        metrics: validation metric by stage.
        records: of the stages that are done, see `Fit`.
        contest: the indexes that were measured for the bundle; None without them.
    """

    name: str
    facts: Mapping[str, str]
    candidates: int
    metrics: Mapping[str, str]
    records: Mapping[str, Mapping[str, Any]]
    contest: Contest | None = None


def about(material: "Material", queries: Queries, folder: Path, moment: datetime.datetime) -> About:
    """What a report says of a run.

    Args:
        material: the run's data.
        queries: the test queries.
        folder: the run's folder.
        moment: when the run was measured, UTC.
    """
    config, dataset = material.config, material.dataset
    times = dataset.events.time
    facts = {
        "run": folder.name,
        "measured": f"{moment:%Y-%m-%d %H:%M} UTC",
        "data": f"{_day(times.min())} to {_day(times.max())}",
        "events": f"{len(dataset.events):,}",
        "users": f"{dataset.num_users - 2:,}",
        "items": f"{dataset.num_items - 2:,}",
        "test users": f"{len(queries):,}",
        "seed": str(config.seed),
        "configuration": fingerprint(config)[:16],
    }
    metrics = {
        "retrieval": config.retrieval.validation_metric,
        "ranking": config.ranking.validation_metric,
    }
    done = {name: folder / name for name in STAGES if (folder / name / DONE).exists()}
    records = {name: read_done(path) for name, path in done.items()}
    contest = _contest(folder / BUNDLE)
    return About(config.name, facts, config.ranking.candidates, metrics, records, contest)


def _contest(bundle: Path) -> Contest | None:
    try:
        return read_manifest(bundle).index_contest
    except ArtifactError:  # not exported yet, or by another version
        return None


def _day(microseconds: np.int64) -> str:
    return str(np.datetime64(int(microseconds), "us").astype("datetime64[D]"))
