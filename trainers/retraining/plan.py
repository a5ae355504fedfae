"""Whether there is something to do, and how: from the published model on, or anew."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from configs.run import RunConfig
from tfrs_models.data.times import DAY
from trainers.folders import CONFIG
from trainers.retraining.former_config import former_config
from trainers.retraining.ledger import shards, versions, withdrawals
from trainers.retraining.ledger.shards import Shard
from trainers.retraining.ledger.versions import Version
from trainers.retraining.state import State
from trainers.retraining.warm.former_run import same_model

Kind = Literal["warm", "full"]


@dataclass(frozen=True)
class Plan:
    """How a run trains.

    Attributes:
        policy: `warm` or `full`.
        parent: the version it goes on from; None for a full run.
        reason: why so, in a sentence.
        shards: SHA-256 of the shards that it is the first to learn.
    """

    policy: Kind
    parent: int | None
    reason: str
    shards: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Plan":
        """Read `to_json`'s values."""
        return cls(raw["policy"], raw["parent"], raw["reason"], tuple(raw["shards"]))


def make_plan(config: RunConfig, state: State, pending: list[Shard], full: bool) -> Plan:
    """How to train on the pending shards."""
    shards = tuple(shard.sha256 for shard in pending)
    parent = versions.latest(state.ledger)
    reason = "it was asked for" if full else _why_full(config, state, parent, pending)
    if reason is not None or parent is None:
        return Plan("full", None, reason or "", shards)
    return Plan("warm", parent.number, f"it goes on from version {parent.number}", shards)


def _why_full(
    config: RunConfig, state: State, parent: Version | None, pending: list[Shard]
) -> str | None:
    """Why a run must begin anew; None when it may go on from its parent."""
    if parent is None:
        return "no version of this ledger is published yet"
    if state.stable != parent.number:
        return f"version {state.stable} is served, and not the latest, {parent.number}"
    folder = state.run(parent.run_id)
    if not (folder / CONFIG).exists():
        return f"the run of version {parent.number} is no longer there"
    former = former_config(folder)
    if former is None:
        return f"another version of the program has trained version {parent.number}"
    if not same_model(former, config):
        return "what the weights mean was changed: features, models, the seed or which events count"
    if config.retraining.policy == "full":
        return "`retraining.policy` is `full`"
    full = _last_full(state, parent)
    withdrawn = withdrawals.learned_since(state.ledger, full.number)
    if withdrawn:
        return f"{len(withdrawn):,} shards that version {parent.number} has learned were withdrawn"
    days = config.retraining.full_every_days
    if (
        config.retraining.policy == "warm_then_weekly_full"
        and _days_since(state, full, pending) >= days
    ):
        return f"the last training from the beginning is {days:g} days of data ago"
    return None


def _last_full(state: State, parent: Version) -> Version:
    """The last training from the beginning, which the parent may be."""
    full = parent
    while full.policy != "full" and full.parent is not None:
        full = versions.get(state.ledger, full.parent)
    return full


def _days_since(state: State, full: Version, pending: list[Shard]) -> float:
    """Days of data that came since a version; it has learned what those before it had."""
    learned = versions.learned_until(state.ledger, full.number)
    known = [one for one in shards.in_log(state.ledger) if one.sha256 in learned]
    return (_newest(pending) - _newest(known)) / DAY


def _newest(found: list[Shard]) -> int:
    """Time of the newest event, microseconds since 1970 UTC; 0 without any."""
    return max((shard.last_us or 0 for shard in found), default=0)
