"""The policies that are compared, by name."""

from collections.abc import Sequence
from dataclasses import dataclass

from configs import faults, plugins
from configs.errors import ConfigError

ORACLE, RANDOM, TWO_TOWER = "oracle", "random", "two_tower"


@dataclass(frozen=True)
class Policy:
    """Who fills the lists.

    Attributes:
        name: as given, such as `two_tower+0.1`.
        base: `oracle`, `random`, `two_tower` or a baseline.
        random_share: chance of each slot to hold a random item instead of the base's next one.
    """

    name: str
    base: str
    random_share: float


def parse_policies(text: str) -> tuple[Policy, ...]:
    """Policies from names between commas.

    Raises:
        ConfigError: a name is unknown or given twice, or a share is none.
    """
    policies = tuple(_parse(name.strip()) for name in text.split(","))
    names = [policy.name for policy in policies]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(
            f"`--policies` must name each policy once; received `{twice[0]}` more than once. "
            "Leave the others out."
        )
    return policies


def _parse(name: str) -> Policy:
    base, plus, share = name.partition("+")
    _check_base(base)
    if base == RANDOM:
        if plus:
            raise ConfigError(f"`--policies`: `{name}` mixes chance with chance; write `random`")
        return Policy(name, base, 1.0)
    return Policy(name, base, _share(name, share) if plus else 0.0)


def _check_base(base: str) -> None:
    choices = choices_of_bases()
    if base not in choices and "." not in base:
        raise ConfigError(
            f"`--policies`: no policy is called `{base}`. {faults.advice(base, choices)}, or give "
            "the dotted name of your own baseline; `NAME+0.1` fills a tenth of the slots at random."
        )
    if base not in (ORACLE, RANDOM, TWO_TOWER):
        plugins.options_class("baseline", base)


def choices_of_bases() -> Sequence[str]:
    """What a policy can be called, without a share."""
    return (TWO_TOWER, *plugins.names("baseline"), RANDOM, ORACLE)


def _share(name: str, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise ConfigError(
            f"`--policies`: the random share of `{name}` must lie between 0 and 1; received "
            f"{faults.short(text)}. Write `two_tower+0.1` for a tenth of the slots."
        )
    return share
