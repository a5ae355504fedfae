"""What hooks are told, and its JSON form."""

import hashlib
import json
import numbers
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from configs.errors import ArtifactError
from configs.hooks import CAN_VETO, EventKind

VERSION = 1
"""Of the JSON form; a key that is gone or means something else raises it, a new key does not."""


@dataclass(frozen=True)
class Event:
    """Something that happened, or is about to."""

    id: str
    """The same however often the event is delivered."""
    kind: EventKind
    run_id: str
    model: str
    time: str
    """When it happened: ISO 8601, UTC, microseconds, such as `2026-01-02T03:04:05.000006Z`."""
    payload: Mapping[str, Any]
    """What else there is to say; plain JSON values."""


def make_event(
    kind: EventKind, run_id: str, model: str, now: float, payload: Mapping[str, Any]
) -> Event:
    """An event whose id is made of what has happened, whenever it is told.

    A run that was killed and goes on makes the same event again at a later time, and the outbox
    passes it over. A question is another one each time, for it wants an answer each time.

    Args:
        kind: what happened.
        run_id: in which run.
        model: of which model.
        now: when, in seconds since 1970.
        payload: what JSON has no words for becomes text, and numbers that are not finite null: a
            strange measurement must not stop a run.
    """
    time = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    values = {key: _plain(value) for key, value in payload.items()}
    asked = time if kind in CAN_VETO else None
    content = json.dumps([kind, run_id, model, asked, values], sort_keys=True)
    event_id = hashlib.sha256(content.encode()).hexdigest()[:32]
    return Event(event_id, kind, run_id, model, time, values)


def to_json(event: Event) -> str:
    """One line of ASCII; the same event gives the same text."""
    values = {"version": VERSION, **vars(event)}
    return json.dumps(values, separators=(",", ":"), allow_nan=False)


def from_json(text: str) -> Event:
    """The event that `to_json` wrote.

    Raises:
        ArtifactError: another version wrote it.
    """
    values = json.loads(text)
    version = values.pop("version", None)
    if version != VERSION:
        raise ArtifactError(
            f"`version` of an event must be {VERSION}, received {version!r}: deliver it with the "
            "release that wrote it"
        )
    return Event(**{field.name: values[field.name] for field in fields(Event)})


def _plain(value: object) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value) if isfinite(value) else None
    return str(value)
