"""What lies where in the accepted log.

<log>/000001-<12 digits of the hash>.parquet             accepted rows of a shard
<log>/000001-<12 digits of the hash>.json                its record, written last
<log>/quarantine/000001-<12 digits of the hash>.parquet  rows put aside, with reasons
<log>/withdrawn/000001-<12 digits of the hash>.json      the record that a shard is read no more
<log>/quarantine/refused-<12 digits of the hash>.parquet those of a file just refused
"""

from pathlib import Path

from trainers.retraining.ledger.rebuild import WITHDRAWN

SHARDS = "[0-9]*.parquet"
REFUSED = "refused-*.parquet"


def rows_path(log: Path, stem: str) -> Path:
    """The accepted rows of a shard."""
    return log / f"{stem}.parquet"


def record_path(log: Path, stem: str) -> Path:
    """The record of a shard."""
    return log / f"{stem}.json"


def aside_folder(log: Path) -> Path:
    """Where rows are put aside."""
    return log / "quarantine"


def aside_path(log: Path, stem: str) -> Path:
    """The rows of a shard that were put aside; no file when there were none."""
    return aside_folder(log) / f"{stem}.parquet"


def refused_path(log: Path, sha256: str) -> Path:
    """The rows for which a file was refused."""
    return aside_folder(log) / f"refused-{sha256[:12]}.parquet"


def withdrawal_path(log: Path, stem: str) -> Path:
    """The record that a shard was withdrawn; no file when it was not."""
    return log / WITHDRAWN / f"{stem}.json"
