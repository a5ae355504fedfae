import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.hooks import event, shell
from support.receivers import Reply, receiver

from configs.hooks import HookConfig
from trainers.retraining.hooks import outbox
from trainers.retraining.hooks.events import Event, from_json, make_event, to_json
from trainers.retraining.hooks.outbox import Retries
from trainers.retraining.hooks.outcomes import Outcome

FIRST = shell("true", name="first")
SECOND = shell("true", name="second")
DELIVERED, AGAIN, NEVER = (
    Outcome("delivered"),
    Outcome("pending", "busy"),
    Outcome("failed", "gone"),
)


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


class Hooks:
    """Takes the place of calling hooks: outcomes in order, the last for ever; what was called."""

    def __init__(self) -> None:
        self.outcomes: dict[str, list[Outcome]] = {}
        self.calls: list[tuple[str, str]] = []
        self.clock, self.takes = Clock(), 0.0

    def attempt(self, hook: HookConfig, told: Event) -> Outcome:
        self.calls.append((hook.label, to_json(told)))
        self.clock.time += self.takes
        outcomes = self.outcomes.get(hook.label, [DELIVERED])
        return outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]

    def runs(self) -> list[str]:
        """The hook and the run of each call."""
        return [f"{label} {from_json(text).run_id}" for label, text in self.calls]


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> Hooks:
    fake = Hooks()
    monkeypatch.setattr(outbox, "attempt", fake.attempt)
    return fake


@pytest.fixture(params=["", None], ids=["implicit transactions", "explicit transactions"])
def connection(request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=request.param)) as opened:
        outbox.create_tables(opened)
        opened.commit()
        yield opened


def states(connection: sqlite3.Connection, run_id: str = "run-1") -> list[tuple[str, str, int]]:
    found = outbox.deliveries(connection, run_id)
    return [(delivery.hook, delivery.state, delivery.attempts) for delivery in found]


def test_tables_may_be_there_already(connection: sqlite3.Connection):
    outbox.create_tables(connection)


def test_every_hook_of_the_event_is_told_once(connection: sqlite3.Connection, hooks: Hooks):
    other = shell("true", "on_drift", name="other")
    outbox.put_now(connection, [FIRST, other, SECOND], event())
    for _ in range(2):
        outbox.deliver_due(connection, [FIRST, other, SECOND], hooks.clock)
    assert hooks.calls == [("first", to_json(event())), ("second", to_json(event()))]
    assert states(connection) == [("first", "delivered", 1), ("second", "delivered", 1)]


def test_an_event_that_is_put_twice_is_delivered_once(connection: sqlite3.Connection, hooks: Hooks):
    for _ in range(2):
        outbox.put_now(connection, [FIRST], event())
        outbox.deliver_due(connection, [FIRST], hooks.clock)
    assert hooks.runs() == ["first run-1"]


def test_an_event_that_is_put_again_later_is_the_one_that_was_put_first(
    connection: sqlite3.Connection, hooks: Hooks
):
    first, again = (make_event("on_publish", "run-1", "demo", now, {"a": 1}) for now in (0.0, 60.0))
    for one in (first, again):
        outbox.put_now(connection, [FIRST], one)
        outbox.deliver_due(connection, [FIRST], hooks.clock)
    assert hooks.calls == [("first", to_json(first))]


def test_what_is_rolled_back_is_not_told(connection: sqlite3.Connection, hooks: Hooks):
    connection.execute("BEGIN")
    outbox.put(connection, [FIRST], event())
    connection.rollback()
    outbox.deliver_due(connection, [FIRST], hooks.clock)
    assert hooks.calls == []


def test_inside_a_transaction_nothing_is_delivered(connection: sqlite3.Connection):
    connection.execute("BEGIN")
    with pytest.raises(RuntimeError, match="commit first"):
        outbox.deliver_due(connection, [FIRST], Clock())


def test_a_crash_between_put_and_deliver_delivers_later(tmp_path: Path, hooks: Hooks):
    with closing(sqlite3.connect(tmp_path / "state.db")) as before:
        outbox.create_tables(before)
        outbox.put_now(before, [FIRST], event())
    with closing(sqlite3.connect(tmp_path / "state.db")) as after:
        outbox.deliver_due(after, [FIRST], hooks.clock)
    assert hooks.calls == [("first", to_json(event()))]


def test_a_process_killed_after_the_commit_delivers_the_same_id_later(tmp_path: Path, hooks: Hooks):
    code = (
        "import os, signal, sqlite3\n"
        "from support.hooks import event, shell\n"
        "from trainers.retraining.hooks import outbox\n"
        f"connection = sqlite3.connect({str(tmp_path / 'state.db')!r})\n"
        "connection.execute('PRAGMA journal_mode=WAL')\n"
        "outbox.create_tables(connection)\n"
        "outbox.put_now(connection, [shell('true', name='first')], event())\n"
        "outbox.put(connection, [shell('true', name='first')], event('on_publish', 'run-2'))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=path).returncode == -signal.SIGKILL
    with closing(sqlite3.connect(tmp_path / "state.db")) as after:
        outbox.deliver_due(after, [FIRST], hooks.clock)
    assert hooks.calls == [("first", to_json(event()))]


def test_a_crash_before_the_commit_tells_nobody(tmp_path: Path, hooks: Hooks):
    with closing(sqlite3.connect(tmp_path / "state.db")) as before:
        outbox.create_tables(before)
        before.execute("BEGIN")
        outbox.put(before, [FIRST], event())
    with closing(sqlite3.connect(tmp_path / "state.db")) as after:
        outbox.deliver_due(after, [FIRST], hooks.clock)
    assert hooks.calls == []


def test_a_crash_while_delivering_delivers_the_same_bytes_again(
    tmp_path: Path, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
):
    def dies(hook: HookConfig, told: Event) -> Outcome:
        hooks.attempt(hook, told)
        raise KeyboardInterrupt

    with closing(sqlite3.connect(tmp_path / "state.db")) as before, monkeypatch.context() as patch:
        outbox.create_tables(before)
        outbox.put_now(before, [FIRST], event(note="é", parts=[1, {"a": None}]))
        patch.setattr(outbox, "attempt", dies)
        with pytest.raises(KeyboardInterrupt):
            outbox.deliver_due(before, [FIRST], hooks.clock)
    with closing(sqlite3.connect(tmp_path / "state.db")) as after:
        outbox.deliver_due(after, [FIRST], hooks.clock)
        assert states(after) == [("first", "delivered", 2)]
    (first, second) = hooks.calls
    assert first == second


def test_a_failure_is_tried_again_after_1_then_2_then_4_seconds(
    connection: sqlite3.Connection, hooks: Hooks
):
    hooks.outcomes["first"] = [AGAIN]
    outbox.put_now(connection, [FIRST], event())
    begin = hooks.clock.time
    tried = []
    for tenth in range(80):
        hooks.clock.time = begin + tenth / 10
        outbox.deliver_due(connection, [FIRST], hooks.clock)
        if len(hooks.calls) > len(tried):
            tried.append(tenth / 10)
    assert tried == [0, 1, 3, 7]
    assert states(connection) == [("first", "pending", 4)]


def test_a_wait_begins_at_the_end_of_the_attempt(connection: sqlite3.Connection, hooks: Hooks):
    hooks.outcomes["first"], hooks.takes = [AGAIN], 30.0
    outbox.put_now(connection, [FIRST], event())
    outbox.deliver_due(connection, [FIRST], hooks.clock)
    assert outbox.next_due(connection, [FIRST]) == hooks.clock.time + 1


def test_waits_double_up_to_the_longest():
    waits = [Retries(longest_seconds=10).wait(attempt) for attempt in range(1, 7)]
    assert waits == [1, 2, 4, 8, 10, 10]


def test_the_default_waits_add_up_to_some_nine_hours():
    # 1 + 2 + ... + 2048 = 4095 s in 12 waits, then 7 of 3600 s.
    assert sum(Retries().wait(attempt) for attempt in range(1, 20)) == 4095 + 7 * 3600


def test_after_the_last_attempt_it_is_given_up(connection: sqlite3.Connection, hooks: Hooks):
    hooks.outcomes["first"] = [AGAIN]
    outbox.put_now(connection, [FIRST], event())
    for _ in range(5):
        outbox.deliver_due(connection, [FIRST], hooks.clock, retries=Retries(attempts=3))
        hooks.clock.time += 10
    (delivery,) = outbox.deliveries(connection, "run-1")
    assert (delivery.state, delivery.attempts) == ("failed", 3)
    assert delivery.error == "given up after 3 attempts: busy"


def test_a_permanent_failure_is_not_tried_again(connection: sqlite3.Connection, hooks: Hooks):
    hooks.outcomes["first"] = [NEVER]
    outbox.put_now(connection, [FIRST], event())
    for _ in range(3):
        outbox.deliver_due(connection, [FIRST], hooks.clock)
        hooks.clock.time += 10_000
    assert states(connection) == [("first", "failed", 1)]


def test_a_success_clears_the_error(connection: sqlite3.Connection, hooks: Hooks):
    hooks.outcomes["first"] = [AGAIN, DELIVERED]
    outbox.put_now(connection, [FIRST], event())
    outbox.deliver_due(connection, [FIRST], hooks.clock)
    hooks.clock.time += 1
    outbox.deliver_due(connection, [FIRST], hooks.clock)
    (delivery,) = outbox.deliveries(connection, "run-1")
    assert (delivery.state, delivery.attempts, delivery.error) == ("delivered", 2, "")


def test_order_is_kept_per_hook(connection: sqlite3.Connection, hooks: Hooks):
    hooks.outcomes["first"] = [AGAIN, AGAIN, DELIVERED]
    for run in "abc":
        outbox.put_now(connection, [FIRST, SECOND], event(run_id=run))
    for _ in range(4):
        outbox.deliver_due(connection, [FIRST, SECOND], hooks.clock)
        hooks.clock.time += 10
    runs = hooks.runs()
    assert [run for run in runs if run.startswith("first")] == [
        *("first a", "first a", "first a"),
        *("first b", "first c"),
    ]
    assert [run for run in runs if run.startswith("second")] == ["second a", "second b", "second c"]


def test_hooks_take_turns(connection: sqlite3.Connection, hooks: Hooks):
    for run in "ab":
        outbox.put_now(connection, [FIRST, SECOND], event(run_id=run))
    outbox.deliver_due(connection, [FIRST, SECOND], hooks.clock)
    assert hooks.runs() == ["first a", "second a", "first b", "second b"]


def test_no_attempt_begins_after_the_time_is_up(connection: sqlite3.Connection, hooks: Hooks):
    hooks.takes = 4.0
    for run in "abcdef":
        outbox.put_now(connection, [FIRST], event(run_id=run))
    outbox.deliver_due(connection, [FIRST], hooks.clock, seconds=10, monotonic=hooks.clock)
    # Begun at 0, 4 and 8 seconds.
    assert hooks.runs() == ["first a", "first b", "first c"]


def test_what_is_pending_for_a_hook_that_is_gone_stays(
    connection: sqlite3.Connection, hooks: Hooks
):
    outbox.put_now(connection, [FIRST], event())
    outbox.deliver_due(connection, [SECOND], hooks.clock)
    assert states(connection) == [("first", "pending", 0)]


def test_a_clock_that_was_wrong_does_not_hold_a_delivery_up(
    connection: sqlite3.Connection, hooks: Hooks
):
    hooks.outcomes["first"] = [AGAIN, DELIVERED]
    outbox.put_now(connection, [FIRST], event())
    hooks.clock.time = 4e9  # the year 2096
    outbox.deliver_due(connection, [FIRST], hooks.clock)
    hooks.clock.time = 1e9
    outbox.deliver_due(connection, [FIRST], hooks.clock)
    assert states(connection) == [("first", "delivered", 2)]


def test_an_event_of_a_newer_release_waits_for_it(connection: sqlite3.Connection, hooks: Hooks):
    outbox.put_now(connection, [FIRST], event())
    with connection:
        connection.execute(
            "UPDATE hook_deliveries SET event = replace(event, '\"version\":1', '\"version\":2')"
        )
    outbox.deliver_due(connection, [FIRST], hooks.clock)
    assert states(connection) == [("first", "pending", 1)]


def test_500_then_200_is_delivered_with_the_same_id(connection: sqlite3.Connection):
    clock = Clock()
    with receiver([Reply(500), Reply(200)]) as there:
        hook = HookConfig(
            type="webhook",
            events=("on_publish",),
            options={"url": there.url, "allow_private": True},
        )
        outbox.put_now(connection, [hook], event())
        outbox.deliver_due(connection, [hook], clock)
        clock.time += 1
        outbox.deliver_due(connection, [hook], clock)
    assert states(connection) == [(hook.label, "delivered", 2)]
    ids = Counter(request.headers["X-Tfrs-Event-Id"] for request in there.requests)
    assert ids == {event().id: 2}
    assert there.requests[0].body == there.requests[1].body
