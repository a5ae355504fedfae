"""What lets a run begin, and which runs would only repeat the last verdict."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from support.ledgers import run, shard, version
from support.training import tiny_config

from configs.run import RunConfig
from trainers.folders import CONFIG, write_json
from trainers.retraining.idle import (
    Beginning,
    beginning,
    drift_counts,
    drifted,
    enough,
    rejected_before,
)
from trainers.retraining.ledger import gates, runs, shards, versions
from trainers.retraining.ledger.database import open_ledger
from trainers.retraining.state import State
from trainers.retraining.work import Work

ONE, TWO = shard(1), shard(2)
"""Seven new events each."""
SETTINGS = tiny_config()
END = "2026-01-01T01:00:00+00:00"


def config(**retraining: Any) -> RunConfig:
    return tiny_config(retraining=retraining)


def test_few_new_events_are_nothing_to_do() -> None:
    few = enough(config(min_new_events=8), [ONE], None)
    assert few == Beginning(None, "7 new events, fewer than `retraining.min_new_events` = 8")
    assert enough(config(min_new_events=8), [ONE, TWO], None) == Beginning(
        "events", "14 new events"
    )


def test_a_stale_model_is_content_with_fewer_events() -> None:
    settings = config(min_new_events=8, max_staleness_hours=24)
    assert enough(settings, [ONE], 25 * 3_600) == Beginning(
        "staleness", "7 new events, and the last publication is 25.0 hours ago, 24 are allowed"
    )
    assert enough(settings, [ONE], 23 * 3_600).cause is None
    assert enough(settings, [], 25 * 3_600).cause is None


WAITING = Beginning(None, "7 new events, fewer than `retraining.min_new_events` = 100")


def test_few_events_that_have_drifted_begin_a_training() -> None:
    found = drifted([ONE, TWO], WAITING, ["country", "price"])
    assert found == Beginning("drift", "14 new events have drifted: `country`, `price`")


def test_events_like_those_learned_wait() -> None:
    found = drifted([ONE], WAITING, [])
    assert found == Beginning(None, f"{WAITING.sentence}, and like those learned")


@pytest.mark.parametrize(
    ("retraining", "counts"),
    [
        ({"min_new_events": 8, "drift_after_events": 7}, True),
        ({"min_new_events": 9, "drift_after_events": 8}, False),
        ({"min_new_events": 7, "drift_after_events": 6}, False),
        ({"min_new_events": 8}, False),
    ],
)
def test_drift_counts_between_two_numbers_of_events(
    retraining: dict[str, int], counts: bool
) -> None:
    assert drift_counts(config(**retraining), [ONE]) is counts


def test_drift_after_as_many_events_as_begin_a_training_anyway_is_refused() -> None:
    with pytest.raises(ValueError, match="`drift_after_events` must be below `min_new_events`"):
        config(min_new_events=10, drift_after_events=10)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A ledger with two shards."""
    with closing(open_ledger(tmp_path / "ledger.db")) as connection:
        for one in (ONE, TWO):
            shards.add(connection, one)
        yield connection


@pytest.fixture
def work(ledger: sqlite3.Connection, tmp_path: Path) -> Work:
    state = State(tmp_path, tmp_path / "models", "tiny", ledger)
    return Work(SETTINGS, state, "now", Console(quiet=True), lambda: 1.8e9)


def judge(work: Work, number: int, passed: bool | None, settings: RunConfig | None = None) -> None:
    """Run `r<number>` of the first shard, which ended as rejected; None is before the gate."""
    ledger, run_id = work.state.ledger, f"r{number}"
    runs.begin(ledger, run(number, shards=(ONE.sha256,)))
    work.state.run(run_id).mkdir(parents=True)
    found = settings or work.config
    write_json(work.state.run(run_id) / CONFIG, found.model_dump(mode="json"))
    if passed is not None:
        gates.add(ledger, run_id, passed, {})
    runs.finish(ledger, run_id, "rejected", 10, "because", END)


SAID = "the run r1 was rejected with the same events and settings"


def test_what_was_asked_for_begins_without_events_and_after_a_rejection(work: Work) -> None:
    judge(work, 1, passed=False)
    assert beginning(work, [], full=True) == Beginning("asked for", "0 new events")
    assert beginning(work, [ONE], full=True) == Beginning("asked for", "7 new events")


def test_a_rejected_run_is_not_done_again(work: Work) -> None:
    judge(work, 1, passed=False)
    assert beginning(work, [ONE], full=False) == Beginning(None, SAID)


def test_a_rejection_is_not_forgotten_however_many_runs_had_nothing_to_do(work: Work) -> None:
    judge(work, 1, passed=False)
    for number in range(2, 203):
        runs.begin(work.state.ledger, run(number, state="nothing_new", ended=END, exit_code=11))
    assert rejected_before(work, [ONE]) == SAID


@pytest.mark.parametrize("state", ["failed", "interrupted"])
def test_a_run_that_came_to_no_verdict_does_not_make_it_forgotten(work: Work, state: Any) -> None:
    judge(work, 1, passed=False)
    runs.begin(work.state.ledger, run(2, state=state, ended=END, shards=(ONE.sha256,)))
    assert rejected_before(work, [ONE]) == SAID


def test_what_a_hook_kept_from_being_published_is_not_trained_again(work: Work) -> None:
    judge(work, 1, passed=True)
    assert rejected_before(work, [ONE]) == SAID


def test_what_a_hook_kept_from_being_trained_is_asked_again(work: Work) -> None:
    judge(work, 1, passed=None)
    assert rejected_before(work, [ONE]) is None


def test_new_events_are_worth_a_new_verdict(work: Work) -> None:
    judge(work, 1, passed=False)
    assert rejected_before(work, [ONE, TWO]) is None


def test_other_settings_are_worth_a_new_verdict(work: Work) -> None:
    judge(work, 1, passed=False, settings=config(full_every_days=8))
    assert rejected_before(work, [ONE]) is None


def test_settings_that_are_gone_are_other_ones(work: Work) -> None:
    judge(work, 1, passed=False)
    (work.state.run("r1") / CONFIG).unlink()
    assert rejected_before(work, [ONE]) is None


def test_a_publication_makes_a_rejection_forgotten(work: Work) -> None:
    judge(work, 1, passed=False)
    runs.begin(work.state.ledger, run(2))
    versions.commit(work.state.ledger, version(2), ())
    assert rejected_before(work, [ONE]) is None
