"""Whether there is something to do, and from where."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from support.retraining import DAY_US
from support.training import tiny_config

from configs.load import changed
from configs.run import RunConfig
from exports.publishing.ledger import Ledger, write_ledger
from trainers.folders import CONFIG, write_json
from trainers.retraining.ledger import runs, shards, versions, withdrawals
from trainers.retraining.ledger.runs import Run
from trainers.retraining.ledger.shards import Shard
from trainers.retraining.ledger.versions import Version
from trainers.retraining.ledger.withdrawals import Withdrawal
from trainers.retraining.plan import Plan, make_plan
from trainers.retraining.state import State


def shard(number: int, last_day: float = 0, accepted: int = 10) -> Shard:
    last = int(last_day * DAY_US)
    return Shard(
        f"{number:064x}", f"{number}.parquet", number, accepted, accepted, 0, 0, 0, 0, last, "now"
    )


def config(**retraining: Any) -> RunConfig:
    return tiny_config(retraining=retraining)


class Models(State):
    """A state whose served version is said and not read."""

    served: int | None = None

    @property
    def stable(self) -> int | None:
        return self.served


@pytest.fixture
def state(ledger: sqlite3.Connection, tmp_path: Path) -> Models:
    """One full version of ten days of data, which is served."""
    found = Models(tmp_path, tmp_path / "models", "tiny", ledger)
    publish(found, 1, "full", None, shard(1, last_day=10))
    return found


def publish(state: Models, number: int, policy: str, parent: int | None, *learned: Shard) -> None:
    run_id = f"run-{number}"
    for one in learned:
        shards.add(state.ledger, one)
    runs.begin(
        state.ledger, Run(run_id, "now", "test", policy, parent, "running", None, None, "", ())
    )
    version = Version(number, run_id, policy, parent, 0, "0" * 64, "now")
    versions.commit(state.ledger, version, [one.sha256 for one in learned])
    state.run(run_id).mkdir(parents=True)
    write_json(state.run(run_id) / CONFIG, config().model_dump(mode="json"))
    (state.base / state.name).mkdir(parents=True, exist_ok=True)
    write_ledger(Ledger(last=number), state.base / state.name)
    object.__setattr__(state, "served", number)


def plan(state: State, settings: RunConfig | None = None, day: float = 11, **other: Any) -> Plan:
    return make_plan(settings or config(), state, [shard(99, day)], other.get("full", False))


def test_a_run_goes_on_from_the_served_version(state: Models) -> None:
    found = plan(state)
    assert (found.policy, found.parent, found.shards) == ("warm", 1, (f"{99:064x}",))


@pytest.mark.parametrize(
    ("settings", "day", "reason"),
    [
        (config(policy="full"), 11, "`retraining.policy` is `full`"),
        (config(), 17, "the last training from the beginning is 7 days of data ago"),
        (config(full_every_days=30), 17, None),
        (config(policy="warm"), 100, None),
        (
            changed(config(), {"retrieval.embedding_dim": 8}),
            11,
            "what the weights mean was changed: features, models, the seed or which events count",
        ),
    ],
)
def test_when_a_run_begins_anew(
    settings: RunConfig, day: float, reason: str | None, state: Models
) -> None:
    found = plan(state, settings, day)
    assert found.policy == ("warm" if reason is None else "full")
    assert reason is None or found.reason == reason


def test_days_are_counted_from_the_last_full_version(state: Models) -> None:
    publish(state, 2, "warm", 1, shard(2, last_day=14))
    assert plan(state, day=16).policy == "warm"
    # 10 + 7: what the warm version has learned does not count.
    assert plan(state, day=17).policy == "full"


def test_a_full_version_without_new_events_knows_what_came_before_it(state: Models) -> None:
    publish(state, 2, "full", None)
    assert plan(state, day=16).policy == "warm"
    assert plan(state, day=17).policy == "full"


def test_a_full_version_that_consumed_a_late_file_alone_knows_the_newer_ones(
    state: Models,
) -> None:
    publish(state, 2, "full", None, shard(2, last_day=3))
    # 10 + 7: the file of day 3 does not make the data of day 10 forgotten.
    assert plan(state, day=16).policy == "warm"
    assert plan(state, day=17).policy == "full"


def test_days_are_not_counted_from_a_file_that_was_withdrawn(state: Models) -> None:
    publish(state, 2, "warm", 1, shard(2, last_day=1_000))
    withdrawals.add(state.ledger, Withdrawal(shard(2).sha256, 2, "a wrong clock", "now"))
    publish(state, 3, "full", None, shard(3, last_day=11))
    assert plan(state, day=17).policy == "warm"
    assert plan(state, day=18).policy == "full"


def test_another_served_version_makes_it_begin_anew(state: Models) -> None:
    publish(state, 2, "warm", 1, shard(2, last_day=14))
    object.__setattr__(state, "served", 1)
    assert plan(state).reason == "version 1 is served, and not the latest, 2"


def test_a_run_that_is_gone_makes_it_begin_anew(state: Models) -> None:
    (state.run("run-1") / CONFIG).unlink()
    assert plan(state).reason == "the run of version 1 is no longer there"


def test_a_version_of_another_program_makes_it_begin_anew(state: Models) -> None:
    (state.run("run-1") / CONFIG).write_text('{"name": "tiny", "strange": 1}')
    assert plan(state).reason == "another version of the program has trained version 1"


def test_the_first_run_begins_anew(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    found = plan(Models(tmp_path, tmp_path, "tiny", ledger))
    assert (found.policy, found.parent) == ("full", None)
    assert found.reason == "no version of this ledger is published yet"


def test_a_plan_is_the_same_after_it_was_stored(state: Models) -> None:
    found = plan(state)
    assert Plan.from_json(found.to_json()) == found


def test_a_learned_shard_that_was_withdrawn_needs_a_new_beginning(state: Models) -> None:
    withdrawals.add(state.ledger, Withdrawal(shard(1).sha256, 1, "wrong", "now"))
    found = plan(state)
    assert (found.policy, found.reason) == (
        "full",
        "1 shards that version 1 has learned were withdrawn",
    )


def test_a_version_that_began_anew_since_then_may_be_gone_on_from(state: Models) -> None:
    withdrawals.add(state.ledger, Withdrawal(shard(1).sha256, 1, "wrong", "now"))
    publish(state, 2, "full", None, shard(2, last_day=11))
    assert plan(state).policy == "warm"
