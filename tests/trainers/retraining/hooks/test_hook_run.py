import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.hooks import event, shell
from support.receivers import Reply, receiver

from configs.hooks import HookConfig
from trainers.retraining.hooks import outbox
from trainers.retraining.hooks.run import ask, flush, notify

QUESTION = event("pre_publish")


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as opened:
        outbox.create_tables(opened)
        yield opened


def voter(script: str, **settings: object) -> HookConfig:
    return shell(script, "pre_publish", may_veto=True, **settings)


def records(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    found = outbox.deliveries(connection, "run-1")
    return [(delivery.hook, delivery.state, delivery.error) for delivery in found]


def test_nobody_objects(connection: sqlite3.Connection):
    assert ask(connection, [voter("true", name="a"), voter("true", name="b")], QUESTION) is None
    assert records(connection) == [("a", "delivered", ""), ("b", "delivered", "")]


def test_a_veto_says_who_and_why(connection: sqlite3.Connection):
    veto = ask(connection, [voter("echo not today; exit 10", name="ops")], QUESTION)
    assert veto is not None
    assert (veto.hook, veto.reason) == ("ops", "not today")
    assert records(connection) == [("ops", "vetoed", "not today")]


def test_after_a_veto_nobody_is_asked(connection: sqlite3.Connection):
    assert ask(connection, [voter("exit 10", name="a"), voter("true", name="b")], QUESTION)
    assert [label for label, *_ in records(connection)] == ["a"]


def test_a_hook_without_a_vote_is_told_later(connection: sqlite3.Connection):
    told = shell("exit 10", "pre_publish", name="told")
    assert ask(connection, [told, voter("true", name="voter")], QUESTION) is None
    assert [(label, state) for label, state, _ in records(connection)] == [
        ("told", "pending"),
        ("voter", "delivered"),
    ]


def test_a_hook_of_other_events_is_not_asked(connection: sqlite3.Connection):
    other = shell("exit 10", "pre_train", may_veto=True)
    assert ask(connection, [other], QUESTION) is None
    assert records(connection) == []


@pytest.mark.parametrize("script", ["exit 1", "kill -SEGV $$"])
def test_a_voter_that_fails_has_vetoed(connection: sqlite3.Connection, script: str):
    veto = ask(connection, [voter(script, name="a")], QUESTION)
    assert veto is not None
    assert veto.reason.startswith("it failed, and its `on_failure` is `veto`: it ended with exit")
    assert records(connection)[0][:2] == ("a", "failed")


def test_a_voter_whose_failure_is_ignored_has_not(connection: sqlite3.Connection):
    assert ask(connection, [voter("exit 1", name="a", on_failure="ignore")], QUESTION) is None
    assert records(connection)[0][:2] == ("a", "failed")


def test_a_voter_that_hangs_has_vetoed(connection: sqlite3.Connection):
    options = {"command": ["sleep", "60"], "timeout_seconds": 0.1}
    hook = HookConfig(type="command", events=("pre_publish",), may_veto=True, options=options)
    veto = ask(connection, [hook], QUESTION)
    assert veto is not None
    assert "did not end within 0.1 seconds" in veto.reason


def test_a_voter_that_answers_500_has_vetoed(connection: sqlite3.Connection):
    with receiver([Reply(500)]) as there:
        options = {"url": there.url, "allow_private": True}
        hook = HookConfig(type="webhook", events=("pre_publish",), may_veto=True, options=options)
        veto = ask(connection, [hook], QUESTION)
    assert veto is not None
    assert veto.reason.endswith("it answered 500")


def test_the_second_answer_to_a_question_replaces_the_first(
    connection: sqlite3.Connection, tmp_path: Path
):
    hook = voter(f"test -e {tmp_path}/asked || {{ touch {tmp_path}/asked; exit 10; }}", name="a")
    assert ask(connection, [hook], QUESTION) is not None
    assert ask(connection, [hook], QUESTION) is None
    (delivery,) = outbox.deliveries(connection, "run-1")
    assert (delivery.state, delivery.attempts) == ("delivered", 2)


def test_asking_inside_a_transaction_is_refused(connection: sqlite3.Connection):
    connection.execute("BEGIN")
    with pytest.raises(RuntimeError, match="commit first"):
        ask(connection, [], QUESTION)


def test_a_failing_hook_changes_nothing_and_is_logged_with_the_run(
    connection: sqlite3.Connection, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.WARNING):
        notify(connection, [shell("echo no disk >&2; exit 1", name="ops")], event())
    text = "it ended with exit code 1: no disk"
    assert records(connection) == [("ops", "pending", text)]
    assert caplog.messages == [
        f"run run-1: the hook ops, called for on_publish {event().id}: {text}"
    ]


def test_a_veto_without_a_vote_is_a_final_failure(connection: sqlite3.Connection):
    notify(connection, [shell("exit 10", name="ops")], event())
    assert records(connection) == [
        ("ops", "failed", "it vetoed what it has no vote on: see `may_veto`")
    ]


def test_secrets_are_in_neither_log_nor_record_nor_veto(
    connection: sqlite3.Connection,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("OPS_TOKEN", "hunter2hunter2")
    leak = "$OPS_TOKEN http://me:hunter2@ops/x?a=hunter2"
    notify(connection, [shell(f'echo "{leak}" >&2; exit 1', name="told")], event())
    veto = ask(connection, [voter(f'echo "{leak}"; exit 10', name="voter")], QUESTION)
    assert veto is not None
    assert veto.reason == "*** http://***@ops/x?***"
    assert len(caplog.messages) == 2
    assert "hunter2" not in f"{caplog.text} {records(connection)}"


def test_flush_waits_for_retries(connection: sqlite3.Connection, tmp_path: Path):
    clock = [1000.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += seconds

    count = f"echo x >> {tmp_path}/calls; test $(wc -l < {tmp_path}/calls) -ge 3"
    hook = shell(count, name="third_time")
    outbox.put_now(connection, [hook], event())
    flush(connection, [hook], lambda: clock[0], sleep, monotonic=lambda: clock[0])
    assert slept == [1, 2]
    assert records(connection) == [("third_time", "delivered", "")]


def test_flush_gives_the_rest_to_the_next_run(connection: sqlite3.Connection):
    clock = [1000.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    hook = shell("exit 1", name="a")
    outbox.put_now(connection, [hook], event())
    flush(connection, [hook], lambda: clock[0], sleep, seconds=10, monotonic=lambda: clock[0])
    # At 0, 1, 3 and 7 seconds; the next would be at 15.
    (delivery,) = outbox.deliveries(connection, "run-1")
    assert (delivery.state, delivery.attempts, clock[0]) == ("pending", 4, 1007)


@pytest.mark.parametrize("step", [-1800.0, 1800.0])
def test_flush_takes_its_time_whatever_happens_to_the_clock(
    connection: sqlite3.Connection, step: float
):
    passed = [0.0]
    slept: list[float] = []

    def now() -> float:
        return 1e9 + passed[0] + (step if slept else 0.0)

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        passed[0] += seconds

    hook = shell("exit 1", name="a")
    outbox.put_now(connection, [hook], event())
    flush(connection, [hook], now, sleep, seconds=10, monotonic=lambda: passed[0])
    # Set back, the second attempt is due in half an hour and is left to the next run; set forward,
    # it is due after the first second, and the others 2 and 4 seconds later.
    assert slept == ([1] if step < 0 else [1, 2, 4])


def test_flush_of_nothing_returns(connection: sqlite3.Connection):
    flush(connection, [shell("true")])
