"""A run that reads the accepted log instead of the files as they came."""

from pathlib import Path

from configs.run import RunConfig
from tfrs_models.data.sources.files import Options, TableOptions
from trainers.retraining.intake.event_files import files_options
from trainers.retraining.intake.layout import shards_glob


def log_config(config: RunConfig, log: Path) -> RunConfig:
    """The same run, with the events of the accepted log.

    The log is mapped, filtered and in canonical form already. Items and users are read as before.

    Raises:
        ConfigError: the run does not read files.
    """
    options = _reading_log(files_options(config), log)
    data = {**config.data.model_dump(), "files": options.model_dump()}
    return RunConfig.model_validate({**config.model_dump(), "data": data})


def _reading_log(options: Options, log: Path) -> Options:
    return options.model_copy(
        update={
            "events": shards_glob(log),
            "event_table": TableOptions(format="parquet"),
            "timestamp_format": "auto",
            "filters": (),
        }
    )
