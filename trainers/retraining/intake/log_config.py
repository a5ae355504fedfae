"""A run that reads the accepted log instead of the files as they came."""

import glob
from collections.abc import Sequence
from pathlib import Path

from configs.run import RunConfig
from tfrs_models.data.sources.files import Options, TableOptions
from tfrs_models.data.times import DAY
from trainers.retraining.intake.event_files import files_options
from trainers.retraining.intake.layout import rows_path
from trainers.retraining.ledger.shards import Shard


def log_config(config: RunConfig, log: Path, shards: Sequence[Shard]) -> RunConfig:
    """The same run, with the events of the accepted log.

    The log is mapped, filtered and in canonical form already. Items and users are read as before.

    Args:
        config: as the user wrote it.
        log: folder of the accepted log.
        shards: what is read of it.

    Raises:
        ConfigError: the run does not read files.
    """
    place = Path(glob.escape(log.resolve().as_posix()))
    events = tuple(rows_path(place, shard.stem).as_posix() for shard in shards)
    options = _reading(files_options(config), events)
    data = {**config.data.model_dump(), "files": options.model_dump()}
    return RunConfig.model_validate({**config.model_dump(), "data": data})


def recent(shards: Sequence[Shard], days: float | None) -> list[Shard]:
    """The shards with events of the last days before the newest one; all without a number."""
    newest = max((shard.last_us or 0 for shard in shards), default=0)
    start = 0 if days is None else newest - int(days * DAY)
    return [shard for shard in shards if shard.last_us is None or shard.last_us >= start]


def _reading(options: Options, events: tuple[str, ...]) -> Options:
    return options.model_copy(
        update={
            "events": events,
            "event_table": TableOptions(format="parquet"),
            "timestamp_format": "auto",
            "filters": (),
        }
    )
