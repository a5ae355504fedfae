"""Which training is due when, and which steps there are, by hand."""

from datetime import UTC, datetime

import pytest

from configs.errors import ConfigError
from tfrs_models.data.times import DAY, from_datetime
from trainers.retraining.backtest.periods import HOUR
from trainers.retraining.backtest.policies import parse_policies
from trainers.retraining.backtest.schedule import age_days, schedule
from trainers.retraining.backtest.steps import Asked, Step, plan_steps

DAYS = [Step(n, (n - 1) * DAY, n * DAY) for n in range(1, 10)]
NOON = from_datetime(datetime(2025, 3, 10, 12, tzinfo=UTC))


def plan(name: str, steps: list[Step] = DAYS) -> list[str]:
    """Kind and step of the training of each step: `f1` is a full one before step 1."""
    [policy] = parse_policies(name, DAY)
    return [f"{one.kind[0]}{one.step.number}" for one in schedule(policy, steps)]


@pytest.mark.parametrize(
    ("name", "due"),
    [
        ("never", "f1 f1 f1 f1 f1 f1 f1 f1 f1"),
        ("daily-warm", "f1 w2 w3 w4 w5 w6 w7 w8 w9"),
        ("3d-full", "f1 f1 f1 f4 f4 f4 f7 f7 f7"),
        ("weekly-full", "f1 f1 f1 f1 f1 f1 f1 f8 f8"),
        ("3d-warm", "f1 f1 f1 w4 w4 w4 w7 w7 w7"),
        # The full one of day 8 takes the place of that day's warm one.
        ("daily-warm+weekly-full", "f1 w2 w3 w4 w5 w6 w7 f8 w9"),
        # Two days after the full one of step 4 comes a warm one, and not at step 5.
        ("2d-warm+3d-full", "f1 f1 w3 f4 f4 w6 f7 f7 w9"),
    ],
)
def test_trainings_are_due(name: str, due: str) -> None:
    assert plan(name) == due.split()


def test_a_training_waits_over_steps_that_are_left_out() -> None:
    # Without days 2 to 4 the second training comes before day 5, and the next three days later.
    assert plan("3d-full", [DAYS[0], *DAYS[4:]]) == ["f1", "f5", "f5", "f5", "f8", "f8"]


def test_policies_share_what_has_the_same_past() -> None:
    a, b, c = (
        schedule(policy, DAYS)
        for policy in parse_policies("daily-warm,daily-warm+weekly-full,2d-warm", DAY)
    )
    # Until the full training of step 8 the first two are the same, and then they are not.
    assert [x.name for x in a[:7]] == [y.name for y in b[:7]]
    assert a[8].step == b[8].step
    assert a[8].name != b[8].name
    # Both go on at step 3, from the models of steps 2 and 1.
    assert a[2].name != c[2].name
    assert (a[2].parent, c[2].parent) == (a[1].name, c[0].name)


def test_the_age_of_a_model_counts_from_its_last_training() -> None:
    [policy] = parse_policies("3d-warm", DAY)
    ages = [age_days(t, step) for t, step in zip(schedule(policy, DAYS), DAYS, strict=True)]
    assert ages == [0, 1, 2, 0, 1, 2, 0, 1, 2]


def edges(asked: Asked) -> list[str]:
    steps = plan_steps(asked, NOON)
    ends = [steps[0].start, steps[-1].end]
    shown = [datetime.fromtimestamp(end / 1e6, UTC).strftime("%m-%dT%H") for end in ends]
    return [*shown, str(len(steps))]


def test_the_last_step_ends_with_the_day_of_the_last_event() -> None:
    assert edges(Asked(DAY)) == ["02-25T00", "03-11T00", "14"]


def test_the_last_of_short_steps_ends_with_the_hour_of_the_last_event() -> None:
    assert edges(Asked(6 * HOUR, 2)) == ["03-10T01", "03-10T13", "2"]


def test_steps_begin_where_they_are_told() -> None:
    assert edges(Asked(DAY, 3, start=datetime(2025, 3, 1))) == ["03-01T00", "03-04T00", "3"]


def test_steps_end_where_they_are_told() -> None:
    asked = Asked(DAY, 3, end=datetime(2025, 3, 4, tzinfo=UTC))
    assert edges(asked) == ["03-01T00", "03-04T00", "3"]


def test_as_many_whole_steps_as_fit_lie_between_start_and_end() -> None:
    asked = Asked(2 * DAY, start=datetime(2025, 3, 1), end=datetime(2025, 3, 8))
    assert edges(asked) == ["03-01T00", "03-07T00", "3"]


def test_without_room_for_a_step_the_ends_are_refused() -> None:
    asked = Asked(DAY, start=datetime(2025, 3, 1), end=datetime(2025, 3, 1))
    with pytest.raises(ConfigError, match="must leave room for a step of `--every`"):
        plan_steps(asked, NOON)


def test_all_three_of_steps_start_and_end_are_refused() -> None:
    with pytest.raises(ConfigError, match="leave one out"):
        Asked(DAY, 3, datetime(2025, 3, 1), datetime(2025, 3, 8))
