"""Hooks: who is told what a retraining run does, and who may stop it."""

import hashlib
import json
import re
from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, field_validator, model_validator

from configs.plugins import PluginSection, parse_options

EventKind = Literal[
    "pre_train",
    "post_train",
    "pre_publish",
    "on_publish",
    "on_reject",
    "on_error",
    "on_drift",
    "on_rollback",
]
"""What a run can tell."""
CAN_VETO: frozenset[EventKind] = frozenset({"pre_train", "pre_publish"})
"""The events that are questions: a hook may answer no."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class HookConfig(PluginSection):
    """One hook, such as `{type: command, events: [on_publish], options: {command: [./tell]}}`."""

    kind = "hook"

    type: str
    """`command`, `webhook`, or the dotted name of your own module."""
    events: tuple[EventKind, ...]
    """The events that it is called for."""
    may_veto: bool = False
    """At `pre_train` and `pre_publish` the run waits for its answer, and stops when it vetoes."""
    on_failure: Literal["veto", "ignore"] = "veto"
    """What a crash, a time-out or an error of a hook that may veto counts as. A hook that did not
    answer has not agreed, and the version that serves goes on serving: hence `veto`."""
    name: str | None = None
    """Its name in logs and records. Without one it is made of `type` and `options`, and changing
    those leaves behind what was still to be delivered."""

    @property
    def label(self) -> str:
        """What the hook is called in logs and records; free of what its options hold."""
        if self.name is not None:
            return self.name
        options = parse_options(self.kind, self.type, self.options)
        text = json.dumps(options.model_dump(mode="json", exclude_defaults=True), sort_keys=True)
        return f"{self.type}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def votes_on(self, kind: EventKind) -> bool:
        """Whether the run waits for this hook's answer to events of the kind."""
        return self.may_veto and kind in self.events and kind in CAN_VETO

    @field_validator("events")
    @classmethod
    def _check_events(cls, events: tuple[EventKind, ...]) -> tuple[EventKind, ...]:
        if not events or len(set(events)) < len(events):
            raise ValueError(
                f"`events` must name at least one event, and each once; received {list(events)}"
            )
        return events

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str | None) -> str | None:
        if name is not None and not _NAME.fullmatch(name):
            raise ValueError(
                f"`name` must be 1 to 64 letters, digits, `_`, `.` and `-`; received {name!r}"
            )
        return name

    @model_validator(mode="after")
    def _check_veto(self) -> Self:
        if self.may_veto and not CAN_VETO & set(self.events):
            raise ValueError(
                f"`may_veto` needs one of the events {', '.join(sorted(CAN_VETO))}; received "
                f"{list(self.events)}: add one, or leave `may_veto` out"
            )
        return self


def _check_labels(hooks: tuple[HookConfig, ...]) -> tuple[HookConfig, ...]:
    twice = [label for label, count in Counter(h.label for h in hooks).items() if count > 1]
    if twice:
        raise ValueError(
            f"each hook must be there once; received several of {', '.join(twice)}: join their "
            "`events`, or give each its own `name`"
        )
    return hooks


Hooks = Annotated[tuple[HookConfig, ...], AfterValidator(_check_labels)]
"""All hooks of a run; no two have the same label."""
