"""JSON records beside the data, from which a lost ledger is made again."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from configs.errors import ArtifactError
from tfrs_models import durable
from trainers.retraining.gate.record import GateRecord
from trainers.retraining.ledger.shards import Shard
from trainers.retraining.ledger.versions import Version
from trainers.retraining.ledger.withdrawals import Withdrawal

FORMAT = 1
"""Version of their layout; a program reads exactly one."""


@dataclass(frozen=True)
class ShardRecord:
    """A shard, as the accepted log keeps it beside its rows."""

    shard: Shard
    format: int = FORMAT


@dataclass(frozen=True)
class VersionRecord:
    """A published version, as the folder of its run keeps it.

    Attributes:
        version: the version.
        consumed: SHA-256 of the shards that it was the first to learn.
        gate: what the gate has left of it; None where that is not known.
        format: of the file.
    """

    version: Version
    consumed: tuple[str, ...]
    gate: GateRecord | None = None
    format: int = FORMAT


@dataclass(frozen=True)
class WithdrawalRecord:
    """A shard that was withdrawn, as the accepted log keeps it beside the rows put aside."""

    withdrawal: Withdrawal
    format: int = FORMAT


R = TypeVar("R", ShardRecord, VersionRecord, WithdrawalRecord)


def write(path: Path, record: ShardRecord | VersionRecord | WithdrawalRecord) -> None:
    """Write a record, whole or not at all."""
    durable.write_text(path, json.dumps(asdict(record), indent=2, ensure_ascii=False) + "\n")


def read(path: Path, kind: type[R]) -> R:
    """Read a record.

    Raises:
        ArtifactError: it is missing, damaged, or of another format.
    """
    try:
        record = TypeAdapter(kind).validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ArtifactError(
            f"the record {path} is missing or damaged ({error}): put it back from a copy."
        ) from error
    if record.format != FORMAT:
        raise ArtifactError(
            f"`format` of {path} is {record.format}, this program reads {FORMAT}: use the program "
            "that wrote it."
        )
    return record
