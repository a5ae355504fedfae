"""Whether the new events are like those learned before."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from configs.drift import DriftConfig
from trainers.retraining.drift.findings import DriftReport
from trainers.retraining.drift.measure import measure_drift
from trainers.retraining.fresh import SEQUENCE
from trainers.retraining.intake.layout import rows_path
from trainers.retraining.ledger.shards import Shard

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 500_000
"""Rows of either side at most, the newest ones."""


def measured_drift(
    log: Path, learned: Sequence[Shard], new: Sequence[Shard], settings: DriftConfig
) -> DriftReport | None:
    """The new shards beside the latest learned ones; None where one of them has no rows."""
    reference, current = _newest(log, learned), _newest(log, new)
    if reference is None or current is None:
        return None
    return measure_drift(reference, current, settings)


def _newest(log: Path, shards: Sequence[Shard]) -> "pa.Table | None":
    """The rows of the newest shards that fit, without the column of the log itself."""
    import pyarrow as pa

    parts, rows = [], 0
    for shard in _newest_first(shards):
        if rows >= _ROWS:
            break
        parts.append(_read(log, shard))
        rows += shard.accepted
    if not parts:
        return None
    return pa.concat_tables(parts, promote_options="permissive").slice(0, _ROWS)


def _newest_first(shards: Sequence[Shard]) -> Iterable[Shard]:
    with_rows = [shard for shard in shards if shard.accepted]
    return sorted(with_rows, key=lambda shard: shard.sequence, reverse=True)


def _read(log: Path, shard: Shard) -> "pa.Table":
    import pyarrow.parquet as pq

    return pq.read_table(rows_path(log, shard.stem)).drop_columns([SEQUENCE])
