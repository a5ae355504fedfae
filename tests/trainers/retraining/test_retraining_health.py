"""How old the last publication is, by clocks that are right and wrong."""

import pytest

from trainers.retraining.health import check_age

PUBLISHED = "2026-01-02T00:00:00+00:00"
AT = 1_767_312_000.0
"""The same in seconds: 20,455 days since 1970."""
HOUR = 3_600.0


@pytest.mark.parametrize(("hours", "status"), [(0, "ok"), (26, "ok"), (26.1, "fail")])
def test_a_publication_may_be_as_old_as_is_allowed(hours: float, status: str) -> None:
    found = check_age("shop", PUBLISHED, 26 * HOUR, AT + hours * HOUR)
    assert found.status == status
    assert f"{hours:,.1f} hours ago" in found.detail


def test_a_model_that_was_never_published_fails() -> None:
    assert check_age("shop", None, 26 * HOUR, AT).status == "fail"


def test_clocks_may_differ_by_five_minutes() -> None:
    found = check_age("shop", PUBLISHED, 26 * HOUR, AT - 300)
    assert (found.status, found.detail) == ("ok", f"published {PUBLISHED}, 0.0 hours ago")


def test_a_publication_in_the_future_fails_and_says_so() -> None:
    found = check_age("shop", PUBLISHED, 26 * HOUR, AT - 36 * HOUR)
    assert found.status == "fail"
    assert "36.0 hours ahead of the clock here: set the clock right" in found.detail
