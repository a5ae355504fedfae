"""What somebody has decided: exclude, pin to a place, quotas of the list, bury.

In this order: what is excluded cannot be pinned, a pinned item counts in the quotas, and a buried
one comes when nothing else is left.
"""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from configs.section import Section
from tfrs_models.reranking.candidates import Candidates
from tfrs_models.reranking.choices import Choice, chosen
from tfrs_models.reranking.needs import Needs
from tfrs_models.reranking.orders import then_the_rest
from tfrs_models.reranking.quotas import Quotas, fill

Share = Annotated[float, Field(ge=0, le=1)]


class Pin(Choice):
    """The best candidate with the value stands at one place."""

    position: Annotated[int, Field(ge=1)]
    """The place, from 1; a place past the list pins nothing."""


class Quota(Choice):
    """Shares of the list that items with the value may take."""

    at_least: Share = 0.0
    """Smallest share, rounded up to items, as far as there are such candidates."""
    at_most: Share = 1.0
    """Largest share, rounded down to items, as far as there are other candidates."""


class Options(Section):
    """The rules; each names a column and a value."""

    exclude: tuple[Choice, ...] = ()
    """Items that never come."""
    pin: tuple[Pin, ...] = ()
    """Items at fixed places, if they are among the candidates."""
    quotas: tuple[Quota, ...] = ()
    """Shares of the list."""
    bury: tuple[Choice, ...] = ()
    """Items that come last."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        _refuse_two_places(self.pin)
        _refuse_two_quotas(self.quotas)
        wanted = [*self.pin, *(quota for quota in self.quotas if quota.at_least > 0)]
        for name, unwanted in (("exclude", self.exclude), ("bury", self.bury)):
            both = {rule.key for rule in wanted} & {rule.key for rule in unwanted}
            for rule in unwanted:
                if rule.key in both:
                    raise ValueError(
                        f"`{name}` contradicts `pin` or `quotas.at_least`, received {rule} in "
                        "both: remove it from one of them"
                    )
        return self


def _refuse_two_places(pins: Iterable[Pin]) -> None:
    for position, times in Counter(pin.position for pin in pins).items():
        if times > 1:
            raise ValueError(
                f"`pin` must name a place once, received {times} pins at position {position}: "
                "give each a position of its own"
            )
    for rule, times in Counter(str(pin) for pin in pins if pin.column == "item_id").items():
        if times > 1:
            raise ValueError(
                f"`pin` must name an item once, received {times} pins of {rule}: keep one of them"
            )


def _refuse_two_quotas(quotas: Iterable[Quota]) -> None:
    least: dict[str, float] = {}
    for quota in quotas:
        least[quota.column] = least.get(quota.column, 0) + quota.at_least
        if quota.at_least > quota.at_most:
            raise ValueError(
                f"`quotas` need `at_least` <= `at_most`, received {quota.at_least} > "
                f"{quota.at_most} for {quota}: lower the first or raise the second"
            )
    for rule, times in Counter(str(quota) for quota in quotas).items():
        if times > 1:
            raise ValueError(
                f"`quotas` must name a value once, received {times} quotas of {rule}: make one"
            )
    for column, total in least.items():
        if total > 1 + 1e-9:
            raise ValueError(
                f"the `at_least` of a column must sum to at most 1, received {total:g} for "
                f"`{column}`: lower one of them"
            )


def needs(options: Options) -> Needs:
    """The columns that the rules name."""
    rules = (*options.exclude, *options.pin, *options.quotas, *options.bury)
    return Needs(columns=frozenset(rule.column for rule in rules))


def rerank(options: Options, candidates: Candidates, k: int) -> NDArray[np.int64]:
    """The list that keeps the rules, and then the other candidates that are not excluded."""
    buried = _any(options.bury, candidates)
    order = np.argsort(buried, kind="stable")
    order = order[~_any(options.exclude, candidates)[order]]
    allowed = candidates.reordered(order)
    length = min(k, len(allowed))
    quotas = _quotas(options.quotas, allowed, length)
    listed = fill(quotas, _pinned(options.pin, allowed, length), length)
    return order[then_the_rest(listed, len(allowed))]


def _any(rules: Iterable[Choice], candidates: Candidates) -> NDArray[np.bool_]:
    found = np.zeros(len(candidates), np.bool_)
    for rule in rules:
        found |= chosen(rule, candidates)
    return found


def _pinned(pins: Iterable[Pin], candidates: Candidates, length: int) -> dict[int, int]:
    """The pinned candidate of each place, from 0: the higher place chooses first."""
    left = np.ones(len(candidates), np.bool_)
    pinned: dict[int, int] = {}
    for pin in sorted(pins, key=lambda pin: pin.position):
        found = left & chosen(pin, candidates)
        if pin.position <= length and found.any():
            best = int(np.argmax(found))
            pinned[pin.position - 1], left[best] = best, False
    return pinned


def _quotas(rules: tuple[Quota, ...], candidates: Candidates, length: int) -> Quotas:
    """The shares as numbers of items; 1e-9 forgives that 0.07 * 100 is above 7."""
    member = np.zeros((len(candidates), len(rules)), np.bool_)
    for column, rule in enumerate(rules):
        member[:, column] = chosen(rule, candidates)
    least = [math.ceil(rule.at_least * length - 1e-9) for rule in rules]
    most = [math.floor(rule.at_most * length + 1e-9) for rule in rules]
    return Quotas(member, np.array(least, np.int64), np.array(most, np.int64))
