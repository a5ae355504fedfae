"""What can come of calling a hook."""

from dataclasses import dataclass
from typing import Literal

State = Literal["pending", "delivered", "vetoed", "failed"]
"""`pending`: to be tried, or tried again; the others are final."""


class Veto(Exception):  # noqa: N818  (a decision, not a fault)
    """A hook that may veto says no.

    Args:
        reason: why, in a line.
        hook: the label of the hook; the caller of a hook fills it in.
    """

    def __init__(self, reason: str, hook: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hook = hook


class HookFailed(Exception):  # noqa: N818
    """The hook did not take the event; another time it may."""


class PermanentFailure(HookFailed):
    """The hook will never take the event."""


@dataclass(frozen=True)
class Outcome:
    """How one call ended, and why, in a line that holds no secret."""

    state: State
    text: str = ""
