"""The policies that are compared, by name.

never                      trained once, before the first step
daily-warm                 goes on learning each day
3d-full                    trained from the beginning every three days
daily-warm+weekly-full     goes on each day, and begins anew each week
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from configs import faults
from configs.errors import ConfigError
from trainers.retraining.backtest.periods import parse_period, period_text

NEVER = "never"
_OPTION = "--policies"
_KINDS = ("warm", "full")


@dataclass(frozen=True)
class Policy:
    """When a model is retrained; periods are in microseconds, None is never.

    Attributes:
        name: as given.
        warm: time after which it goes on learning.
        full: time after which it is trained from the beginning.
    """

    name: str
    warm: int | None = None
    full: int | None = None

    @property
    def periods(self) -> Sequence[int]:
        """Those that are given."""
        return [period for period in (self.warm, self.full) if period is not None]


def parse_policies(text: str, every: int) -> tuple[Policy, ...]:
    """Policies from names between commas.

    Args:
        text: the names; the others are compared with the first.
        every: length of a step, microseconds.

    Raises:
        ConfigError: a name is none, is given twice, or trains more often than there are steps.
    """
    policies = tuple(_parse(name.strip()) for name in text.split(","))
    twice = _repeated(policy.name for policy in policies)
    if twice is not None:
        raise ConfigError(
            f"`{_OPTION}` must name each policy once; received `{twice}` more than once. Leave the "
            "others out."
        )
    for policy in policies:
        _check_often(policy, every)
    return policies


def _parse(name: str) -> Policy:
    if name == NEVER:
        return Policy(name)
    parts = [_part(name, part) for part in name.split("+")]
    twice = _repeated(kind for kind, _ in parts)
    if twice is not None:
        raise ConfigError(
            f"`{_OPTION}`: `{name}` has two periods of `{twice}`; one of them decides, keep it."
        )
    return Policy(name, **dict(parts))


def _part(name: str, part: str) -> tuple[str, int]:
    every, _, kind = part.rpartition("-")
    if kind not in _KINDS:
        raise ConfigError(
            f"`{_OPTION}`: a policy is `{NEVER}`, `EVERY-warm`, `EVERY-full` or two of them joined "
            f"by `+`, such as `daily-warm+weekly-full`; received {faults.short(name)}."
        )
    return kind, parse_period(every, _OPTION)


def _repeated(names: Iterable[str]) -> str | None:
    """A name that comes twice; None without one."""
    met: set[str] = set()
    for name in names:
        if name in met:
            return name
        met.add(name)
    return None


def _check_often(policy: Policy, every: int) -> None:
    shortest = min(policy.periods, default=every)
    if shortest < every:
        raise ConfigError(
            f"`{_OPTION}`: `{policy.name}` trains every {period_text(shortest)}, and there is one "
            f"step every {period_text(every)}: a model is trained at the beginning of a step at "
            f"most. Shorten the steps with `--every {period_text(shortest)}`, or leave it out."
        )
