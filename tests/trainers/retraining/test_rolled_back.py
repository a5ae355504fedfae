"""Hooks hear of a rollback at the next run, once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console
from support.ledgers import run, version

from configs.load import load_config
from configs.run import RunConfig
from exports.publishing.ledger import Ledger, Record, write_ledger
from trainers.retraining.hooks import outbox
from trainers.retraining.ledger import runs, versions
from trainers.retraining.rolled_back import notice_rollback
from trainers.retraining.state import State, opened
from trainers.retraining.work import Work

TELL = '[{type: command, events: [on_rollback], name: tell, options: {command: ["true"]}}]'


@pytest.fixture(scope="module")
def config() -> RunConfig:
    return load_config("demo", [f"retraining.hooks={TELL}"])


@pytest.fixture
def state(tmp_path: Path, config: RunConfig) -> Iterator[State]:
    """Two versions in the ledger of retraining."""
    with opened(tmp_path, config) as state:
        for number in (1, 2):
            runs.begin(state.ledger, run(number))
            versions.commit(state.ledger, version(number), ())
        yield state


@pytest.fixture
def serve(state: State) -> Callable[[int], None]:
    """Make a version stable, as `tfrs rollback` does."""
    records = tuple(
        Record(version=number, manifest_sha256="a" * 64, bytes=1, published="2026-01-02")
        for number in (1, 2, 3)
    )
    folder = state.base / state.name
    folder.mkdir(parents=True)

    def write(stable: int) -> None:
        write_ledger(Ledger(last=3, records=records, stable=stable), folder)

    return write


def told(state: State, config: RunConfig, run_id: str) -> list[str]:
    """What a run has told of rollbacks."""
    notice_rollback(Work(config, state, run_id, Console(quiet=True), lambda: 0.0))
    return [one.kind for one in outbox.deliveries(state.ledger, run_id)]


def test_a_version_before_the_latest_is_told_once(
    state: State, config: RunConfig, serve: Callable[[int], None]
) -> None:
    serve(1)
    assert told(state, config, "r3") == ["on_rollback"]
    assert outbox.last_payload(state.ledger, "on_rollback") == {"version": 1, "former": 2}
    assert told(state, config, "r4") == []


@pytest.mark.parametrize("stable", [2, 3])
def test_the_latest_version_and_one_published_by_hand_are_no_rollback(
    state: State, config: RunConfig, serve: Callable[[int], None], stable: int
) -> None:
    serve(stable)
    assert told(state, config, "r3") == []


def test_before_the_first_publication_there_is_nothing_to_tell(
    state: State, config: RunConfig
) -> None:
    assert told(state, config, "r3") == []


def test_a_second_rollback_is_told_too(
    state: State, config: RunConfig, serve: Callable[[int], None]
) -> None:
    serve(1)
    assert told(state, config, "r3") == ["on_rollback"]
    runs.begin(state.ledger, run(4))
    versions.commit(state.ledger, version(3, run_id="r4"), ())
    serve(2)
    assert told(state, config, "r5") == ["on_rollback"]
