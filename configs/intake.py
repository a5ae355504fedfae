"""Which rows of new event files a retraining takes in, and when it refuses a file."""

from typing import Annotated

from pydantic import Field, field_validator

from configs.section import Section

Share = Annotated[float, Field(ge=0, le=1)]
Hours = Annotated[float, Field(ge=0, allow_inf_nan=False)]

_CANONICAL = ("user_id", "item_id", "timestamp", "event_type", "value", "position")


class IntakeConfig(Section):
    """The intake of new event files."""

    event_id: str | None = None
    """Column, by its name after the mapping, that names each event: rows of one name are one event.
    Without it, rows equal in user, item, timestamp, event type and value are."""
    allowed_lateness_hours: Hours = 6.0
    """Events older than the newest one of former files by more than this are put aside."""
    max_bad_share: Share = 0.05
    """Share of broken or future-dated rows past which a file is refused."""
    max_late_share: Share = 0.01
    """Share of late rows past which a file is refused."""

    @field_validator("event_id")
    @classmethod
    def _check_event_id(cls, name: str | None) -> str | None:
        if name is not None and (not name or name in _CANONICAL):
            raise ValueError(
                f"`event_id` must name a column that is different in every event, received "
                f"{name!r}: none of {', '.join(_CANONICAL)} is. Leave it out to compare those."
            )
        return name
