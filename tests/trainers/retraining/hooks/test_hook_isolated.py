import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from support.hooks import event

from configs.hooks import HookConfig
from trainers.retraining.hooks import outbox
from trainers.retraining.hooks.calls import attempt
from trainers.retraining.hooks.events import to_json
from trainers.retraining.hooks.outcomes import Outcome
from trainers.retraining.hooks.run import ask

MODULE = """
import os, sys, time
from configs.section import Section
from trainers.retraining.hooks.events import Event, to_json
from trainers.retraining.hooks.outcomes import Veto


class Options(Section):
    file: str = ""
    timeout_seconds: float = 60.0


def call(options: Options, event: Event) -> None:
    {body}
"""

Make = Callable[..., HookConfig]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A hook of another package whose `call` is the given statement."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def hook(body: str, **options: object) -> HookConfig:
        name = f"hooks_{tmp_path.name.replace('-', '_')}"
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / "own.py").write_text(MODULE.format(body=body))
        settings = {"type": f"{name}.own", "options": options, "may_veto": True}
        return HookConfig.model_validate(
            {"events": ["pre_publish", "on_publish"], "name": "own", **settings}
        )

    return hook


def test_it_gets_its_options_and_the_event(make: Make, tmp_path: Path):
    hook = make("open(options.file, 'w').write(to_json(event))", file=str(tmp_path / "got"))
    assert attempt(hook, event()) == Outcome("delivered")
    assert (tmp_path / "got").read_text() == to_json(event())


def test_its_veto_comes_through(make: Make):
    hook = make("print('thinking'); raise Veto('not\\ntoday')")
    with closing(sqlite3.connect(":memory:")) as connection:
        outbox.create_tables(connection)
        veto = ask(connection, [hook], event("pre_publish"))
    assert veto is not None
    assert (veto.hook, veto.reason) == ("own", "not today")


def test_its_exception_is_a_failure(make: Make):
    outcome = attempt(make("raise KeyError('price')"), event())
    assert outcome == Outcome("pending", "it ended with exit code 1: KeyError: 'price'")


def test_its_crash_is_a_failure(make: Make):
    assert attempt(make("os.abort()"), event()).text.startswith("it ended with exit code -6")


def test_its_hanging_is_a_failure(make: Make):
    outcome = attempt(make("time.sleep(60)", timeout_seconds=0.1), event())
    assert outcome == Outcome("pending", "it did not end within 0.1 seconds and was stopped")
