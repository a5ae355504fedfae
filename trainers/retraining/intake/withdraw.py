"""Take back a shard that should not have come: no run reads it any more."""

import sqlite3
from pathlib import Path

from configs.errors import ArtifactError
from tfrs_models import durable
from tfrs_models.cli import EXIT_INTERRUPTED
from trainers.folders import DONE
from trainers.retraining.intake.layout import withdrawal_path
from trainers.retraining.ledger import records, runs, shards, versions, withdrawals
from trainers.retraining.ledger.database import transaction
from trainers.retraining.ledger.records import WithdrawalRecord
from trainers.retraining.ledger.shards import Shard
from trainers.retraining.ledger.withdrawals import Withdrawal
from trainers.retraining.state import LOG, RUNS


def find_shard(ledger: sqlite3.Connection, asked: str) -> Shard:
    """The shard of the log of a sequence, or the only one of a file name.

    Raises:
        ArtifactError: there is none, or more than one.
    """
    found = [one for one in shards.in_log(ledger) if asked in (str(one.sequence), one.name)]
    if len(found) != 1:
        several = ", ".join(str(one.sequence) for one in found)
        said = f"is the name of the shards {several}" if found else "is no shard of this log"
        raise ArtifactError(
            f"`{asked}` {said}: give the number of one, as `tfrs shards` lists them."
        )
    return found[0]


def withdraw(
    folder: Path, ledger: sqlite3.Connection, shard: Shard, reason: str, when: str
) -> None:
    """Let no run read a shard any more; its rows stay where they are.

    The record lies beside the log before the ledger has it, so that a rebuilt ledger has it too. A
    run that was killed is over, for it has read the shard: the next one begins without.

    Args:
        folder: of the model's retraining, locked.
        ledger: its ledger.
        shard: learned or not.
        reason: why, for those who read the ledger later.
        when: ISO 8601 in UTC.

    Raises:
        ArtifactError: a killed run may have published what it has learned.
    """
    latest = versions.latest(ledger)
    withdrawal = Withdrawal(shard.sha256, latest.number if latest else 0, reason, when)
    unfinished = _unfinished(folder, ledger)
    log = folder / LOG
    with durable.locked(log):
        path = withdrawal_path(log, shard.stem)
        path.parent.mkdir(exist_ok=True)
        records.write(path, WithdrawalRecord(withdrawal))
        with transaction(ledger):
            withdrawals.add(ledger, withdrawal)
            if unfinished is not None:
                told = f"the shard {shard.sequence} was withdrawn"
                runs.finish(ledger, unfinished, "interrupted", EXIT_INTERRUPTED, told, when)


def _unfinished(folder: Path, ledger: sqlite3.Connection) -> str | None:
    """The killed run; None when there is none."""
    run = runs.unfinished(ledger)
    if run is None:
        return None
    if (folder / RUNS / run.id / "gate" / DONE).exists():
        raise ArtifactError(
            f"the run {run.id} was killed while it published: run `tfrs retrain` to its end first, "
            "then withdraw the shard."
        )
    return run.id
