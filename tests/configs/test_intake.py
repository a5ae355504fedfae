"""The settings of the intake."""

import pytest

from configs.intake import IntakeConfig


@pytest.mark.parametrize("name", ["user_id", "timestamp", "value", ""])
def test_an_event_id_is_a_column_of_its_own(name):
    with pytest.raises(ValueError, match=f"different in every event, received '{name}'"):
        IntakeConfig(event_id=name)


def test_an_event_id_may_be_any_other_column():
    assert IntakeConfig(event_id="request_id").event_id == "request_id"


@pytest.mark.parametrize(
    "settings",
    [
        {"allowed_lateness_hours": -1},
        {"allowed_lateness_hours": float("inf")},
        {"max_late_share": 1.5},
    ],
)
def test_hours_and_shares_have_limits(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        IntakeConfig(**settings)
