"""Take new event files into the accepted log, each once."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from configs.errors import DataError
from configs.intake import IntakeConfig
from configs.run import RunConfig
from tfrs_models import durable
from tfrs_models.data import engine, paths, times
from trainers.retraining.intake.columns import log_columns, united_columns
from trainers.retraining.intake.event_files import (
    SETTING,
    digest,
    event_files,
    files_options,
    passed_over_when_gone,
    refuse_changed,
)
from trainers.retraining.intake.former import Former
from trainers.retraining.intake.judge import Counts, judge
from trainers.retraining.intake.layout import refused_path, rows_path
from trainers.retraining.intake.recover import note, recover
from trainers.retraining.intake.refuse import refuse
from trainers.retraining.intake.write import write_aside, write_shard
from trainers.retraining.ledger import runs, shards
from trainers.retraining.ledger.shards import Shard

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Taken:
    """What a call has taken in.

    Attributes:
        shards: the new ones, in order of sequence; first the one that a crash had left, if any.
        watermark_us: time of the newest accepted event ever, microseconds since 1970 UTC; None
            when there is none.
    """

    shards: tuple[Shard, ...]
    watermark_us: int | None


@dataclass(frozen=True)
class _Intake:
    """What all files of a call share."""

    config: RunConfig
    log: Path
    ledger: sqlite3.Connection
    run_id: str
    now_us: int
    settings: IntakeConfig


def take_in(
    config: RunConfig,
    log: Path,
    connection: sqlite3.Connection,
    run_id: str,
    now_us: int,
    settings: IntakeConfig,
) -> Taken:
    """Judge the event files whose content the ledger does not know, and keep what is accepted.

    Args:
        config: a run that reads files; its mapping, filters and rules are those of the preparation.
        log: folder of the accepted log; made when it is missing.
        connection: the ledger.
        run_id: the run, which has begun.
        now_us: microseconds since 1970 UTC; later events are refused, and nothing else depends on
            it.
        settings: what is late, what is equal, and when a file is refused.

    Raises:
        ConfigError: the run does not read files.
        DataError: a file is refused. Files before it stay taken in.
        ArtifactError: log and ledger do not belong together, or there is no such run.
    """
    options = files_options(config)
    intake = _Intake(config, log, connection, run_id, now_us, settings)
    runs.get(connection, run_id)
    with durable.locked(log):
        taken = list(recover(connection, log, run_id))
        known = shards.known(connection)
        taken.extend(_take_all(intake, event_files(options, taken_before=bool(known)), known))
    return Taken(tuple(taken), shards.watermark(connection))


def _take_all(intake: _Intake, files: Iterable[Path], known: set[str]) -> Iterator[Shard]:
    """The shards of the files whose content is not known; their hashes join the known ones."""
    former = None
    for path in files:
        with passed_over_when_gone(path):
            before = paths.identity([path])
            sha256 = digest(path)
            if sha256 in known:
                continue
            former = former or _former(intake)
            shard, columns = _take_one(intake, path, before, sha256, former)
            known.add(sha256)
            former = former.followed_by(shard, rows_path(intake.log, shard.stem), columns)
            yield shard


def _take_one(
    intake: _Intake, path: Path, before: paths.Identity, sha256: str, former: Former
) -> tuple[Shard, Mapping[str, str]]:
    """The shard of a file, and the columns of the log with it."""
    try:
        with engine.opened(intake.config.data.memory_limit_mib, intake.log) as (database, _):
            counts, columns = _judged(intake, database, path, sha256, former)
            refuse_changed(path, before)
            shard = _shard(intake, path, sha256, counts)
            write_shard(database, intake.log, shard)
    except DataError as error:
        raise _refusal(path, error) from error
    note(intake.ledger, intake.run_id, shard)
    return shard, columns


def _refusal(path: Path, error: DataError) -> DataError:
    return DataError(
        f"{paths.shown(path)} is not taken in: {str(error).rstrip('.')}. Nothing of it was "
        "accepted, and no file after it; each run refuses it again until it is mended, or moved "
        f"away from where `{SETTING}` looks."
    )


def _judged(
    intake: _Intake,
    database: "duckdb.DuckDBPyConnection",
    path: Path,
    sha256: str,
    former: Former,
) -> tuple[Counts, Mapping[str, str]]:
    """What became of the rows of a file, and the columns of the log with it."""
    paths.check_file(path, SETTING)
    with engine.reading("files"):
        counts = judge(database, path, intake.config.data, former, intake.now_us, intake.settings)
        columns = united_columns(database, former)
    try:
        refuse(database, counts, intake.settings)
    except DataError as error:
        if not counts.late + counts.quarantined:
            raise
        kept = refused_path(intake.log, sha256)
        write_aside(database, kept)
        raise DataError(f"{error} The rows put aside are in {kept}.") from error
    return counts, columns


def _former(intake: _Intake) -> Former:
    files = [
        (rows_path(intake.log, shard.stem), shard.last_us)
        for shard in shards.in_log(intake.ledger)
        if shard.last_us is not None
    ]
    memory = intake.config.data.memory_limit_mib
    with engine.opened(memory, intake.log) as (database, _), engine.reading("files"):
        columns = log_columns(database, [path for path, _ in files])
    return Former(files, shards.watermark(intake.ledger), columns)


def _shard(intake: _Intake, path: Path, sha256: str, counts: Counts) -> Shard:
    return Shard(
        sha256=sha256,
        name=path.name,
        sequence=shards.last_sequence(intake.ledger) + 1,
        rows=counts.rows,
        accepted=counts.accepted,
        duplicates=counts.duplicates,
        late=counts.late,
        quarantined=counts.quarantined,
        first_us=counts.first_us,
        last_us=counts.last_us,
        taken_in=times.to_iso(intake.now_us),
    )
