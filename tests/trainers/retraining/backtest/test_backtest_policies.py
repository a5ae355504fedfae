"""The names of policies and periods, and what is refused."""

import pytest

from configs.errors import ConfigError
from tfrs_models.data.times import DAY
from trainers.retraining.backtest.periods import HOUR, parse_period, period_text
from trainers.retraining.backtest.policies import Policy, parse_policies


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("hourly", HOUR),
        ("daily", DAY),
        ("weekly", 7 * DAY),
        ("monthly", 30 * DAY),
        ("3d", 3 * DAY),
        ("12h", DAY // 2),
    ],
)
def test_a_period_has_a_name_or_a_number(text: str, period: int) -> None:
    assert parse_period(text, "--every") == period


@pytest.mark.parametrize(
    "text", ["", "d", "0d", "-1d", "1.5d", "2w", "day", "d3", "3 d", "100000d"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"`--every`: a period is a number of hours or days"):
        parse_period(text, "--every")


def test_a_period_is_written_in_days_where_they_are_whole() -> None:
    assert [period_text(hours * HOUR) for hours in (36, 72)] == ["36h", "3d"]


def test_policies_are_read_from_names() -> None:
    names = "never, daily-warm,weekly-full,daily-warm+weekly-full,30d-full+3d-warm"
    assert parse_policies(names, DAY) == (
        Policy("never"),
        Policy("daily-warm", warm=DAY),
        Policy("weekly-full", full=7 * DAY),
        Policy("daily-warm+weekly-full", warm=DAY, full=7 * DAY),
        Policy("30d-full+3d-warm", warm=3 * DAY, full=30 * DAY),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a policy is `never`, `EVERY-warm`, `EVERY-full`"),
        ("daily", "joined by `+`, such as `daily-warm+weekly-full`; received 'daily'"),
        ("daily-cold", "received 'daily-cold'"),
        ("never+daily-warm", "received 'never+daily-warm'"),
        ("yearly-full", "one of hourly, daily, weekly, monthly; received 'yearly'"),
        ("-warm", "received ''"),
        ("daily-warm+3d-warm", "has two periods of `warm`"),
        ("never,daily-warm,never", "must name each policy once; received `never`"),
        (
            "weekly-full,hourly-warm",
            "`hourly-warm` trains every 1h, and there is one step every 1d",
        ),
        ("hourly-warm+weekly-full", "Shorten the steps with `--every 1h`"),
    ],
)
def test_a_wrong_policy_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_policies(text, DAY)
    assert message in str(error.value)
