"""Events and hooks of tests."""

from configs.hooks import EventKind, HookConfig
from trainers.retraining.hooks.events import Event, make_event


def event(kind: EventKind = "on_publish", run_id: str = "run-1", **payload: object) -> Event:
    """An event at the first second of 1970."""
    return make_event(kind, run_id, "demo", 1.0, payload)


def shell(script: str, *events: EventKind, **settings: object) -> HookConfig:
    """A hook that is a shell script."""
    options = {"command": ["sh", "-c", script], "timeout_seconds": 10}
    return HookConfig.model_validate(
        {"type": "command", "events": events or ("on_publish",), "options": options, **settings}
    )
