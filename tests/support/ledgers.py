"""Small ledgers for the tests of retraining."""

from dataclasses import replace
from typing import Any

from trainers.retraining.ledger.runs import Run
from trainers.retraining.ledger.shards import Shard
from trainers.retraining.ledger.versions import Version

RUN = Run(
    id="r1",
    started="2026-01-01T00:00:00+00:00",
    trigger="cron",
    policy="warm",
    parent=None,
    state="running",
    ended=None,
    exit_code=None,
    reason="",
    shards=(),
)


def run(number: int, /, **changes: Any) -> Run:
    """Run `r<number>`, running."""
    return replace(RUN, id=f"r{number}", **changes)


def shard(number: int, /, **changes: Any) -> Shard:
    """The shard of a sequence: 10 rows, of which 7 were accepted, between its seconds n and n+1."""
    made = Shard(
        sha256=f"{number:064x}",
        name=f"events-{number}.csv",
        sequence=number,
        rows=10,
        accepted=7,
        duplicates=1,
        late=1,
        quarantined=1,
        first_us=number * 1_000_000,
        last_us=(number + 1) * 1_000_000,
        taken_in="2026-01-01T00:00:00+00:00",
    )
    return replace(made, **changes)


def version(number: int, /, **changes: Any) -> Version:
    """The version that run `r<number>` made out of the one before it."""
    made = Version(
        number=number,
        run_id=f"r{number}",
        policy="warm",
        parent=number - 1 or None,
        trained_until_us=number * 1_000_000,
        bundle_sha256="b" * 64,
        published="2026-01-02T00:00:00+00:00",
    )
    return replace(made, **changes)
