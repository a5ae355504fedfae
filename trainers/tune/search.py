"""What is searched, and the folder that holds one search."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from configs.errors import ArtifactError, ConfigError
from configs.faults import short
from configs.run import RunConfig
from configs.tune import Parameter, TuneConfig, measured_by, parameters
from tfrs_models.durable import write_text
from trainers.folders import locked, write_json
from trainers.tune.record import Trial
from trainers.validation import parse_metric

STUDY = "study.json"
TRIALS = "trials.json"

_SHOWN_CHANGES = 5


@dataclass(frozen=True)
class Search:
    """A search for better settings.

    Attributes:
        source: preset or file that the configuration comes from.
        config: the configuration as it stands, with the metric of the search.
        seed: of the search.
        parameters: what is searched.
    """

    source: str
    config: RunConfig
    seed: int
    parameters: tuple[Parameter, ...]

    @classmethod
    def of(cls, source: str, config: RunConfig, tuning: TuneConfig) -> "Search":
        """The search that a space file describes.

        Raises:
            ConfigError: there is no such metric; or see `configs.tune.parameters`.
        """
        config = measured_by(config, tuning)
        try:
            parse_metric("retrieval", config.retrieval.validation_metric)
        except ConfigError as error:
            raise ConfigError(f"the metric of the search: {error}") from None
        return cls(source, config, tuning.seed, parameters(config, tuning))

    @property
    def metric(self) -> str:
        """Name of the metric that trials are compared by."""
        return self.config.retrieval.validation_metric


def search_folder(artifacts: Path, config: RunConfig) -> Path:
    """`<artifacts>/tune/<name>`."""
    return artifacts / "tune" / config.name


def forget(folder: Path) -> None:
    """Remove a search and all its outputs.

    Raises:
        BusyError: another process works in the folder.
    """
    with locked(folder):
        shutil.rmtree(folder)


def check_same(folder: Path, search: Search, data: str) -> None:
    """Begin a search in `folder`, or check that the one there is the same.

    Raises:
        ArtifactError: it began with other settings, another space or other data.
    """
    path = folder / STUDY
    described = json.loads(json.dumps(_description(search, data)))
    if not path.exists():
        write_json(path, described)
    former = json.loads(path.read_text("utf-8"))
    changes = list(_changes(former, described))
    if changes:
        more = len(changes) - _SHOWN_CHANGES
        shown = "; ".join(changes[:_SHOWN_CHANGES]) + (f"; and {more} more" if more > 0 else "")
        raise ArtifactError(
            f"the search in `{folder}` began otherwise: {shown}. Values of both do not compare: "
            "bring the former settings back, name another folder with `--artifacts`, or begin "
            "again with `--new`, which removes the former trials"
        )


def _description(search: Search, data: str) -> dict[str, Any]:
    space = {p.key: p.values.model_dump(mode="json") for p in search.parameters}
    config = search.config.model_dump(mode="json")
    return {"config": config, "seed": search.seed, "space": space, "data": {"fingerprint": data}}


def _changes(former: Mapping[str, Any], present: Mapping[str, Any]) -> Iterator[str]:
    was, now = (dict(_leaves(values)) for values in (former, present))
    for keys in was | now:
        if was.get(keys) != now.get(keys):
            name = ".".join(keys).removeprefix("config.")
            yield f"`{name}` was {short(was.get(keys))} and is {short(now.get(keys))}"


def _leaves(values: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value that is no mapping, by the path of its keys."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from (((key, *inner), leaf) for inner, leaf in _leaves(value))
        else:
            yield (key,), value


def write_trials(folder: Path, trials: Sequence[Trial]) -> None:
    """Keep the trials that have ended, whole or as they were before."""
    write_text(folder / TRIALS, json.dumps([asdict(trial) for trial in trials], indent=1) + "\n")


def read_trials(folder: Path) -> tuple[Trial, ...]:
    """The trials that have ended; none where no search has begun.

    Raises:
        ArtifactError: the file is damaged.
    """
    path = folder / TRIALS
    if not path.exists():
        return ()
    try:
        return tuple(_trial(raw) for raw in json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError, KeyError) as error:
        raise ArtifactError(
            f"`{path}` cannot be read: {error}. Bring it back from a copy, or begin again with "
            "`--new`"
        ) from error


def _trial(raw: Mapping[str, Any]) -> Trial:
    return Trial(**{**raw, "curve": tuple((epoch, value) for epoch, value in raw["curve"])})
