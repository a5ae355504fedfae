"""Whether a window is one in which the champion does what it did when it was published."""

from collections.abc import Iterator, Mapping

from configs.gate import GateConfig
from trainers.retraining.gate.paired import said
from trainers.retraining.gate.scored import Scored
from trainers.retraining.gate.verdict import Check


def usual_window(
    champion: Scored, published: Mapping[str, float], config: GateConfig
) -> Iterator[Check]:
    """The champion's metrics beside those of the window that it was published on.

    Events with shuffled items or turned labels make champion and challenger equally bad, so that
    comparing the two says nothing.

    Args:
        champion: scored on this window; without queries nothing is looked at.
        published: its means then, by metric; where one is not known, only that the champion finds
            anything at all is demanded.
        config: `max_champion_drop`.
    """
    if config.max_champion_drop is None or not len(champion.users):
        return
    for name in config.metrics:
        mean, before = float(champion.metrics[name].mean()), published.get(name)
        if mean == 0:
            yield _nothing_found(name)
        elif before is None:
            yield _not_measured(name, mean)
        else:
            yield _compared(name, mean, before, (1 - config.max_champion_drop) * before)


def _compared(name: str, mean: float, before: float, allowed: float) -> Check:
    passed = mean >= allowed
    text = (
        f"{name}: champion {mean:.4f} in this window, {before:.4f} when it was published, at least "
        f"{allowed:.4f}: {said(passed)}"
    )
    if not passed:
        text += "; look at the new events before you believe this window"
    return Check(_rule(name), passed, mean, allowed, text)


def _nothing_found(name: str) -> Check:
    text = (
        f"{name}: the champion finds nothing in this window, so being no worse proves nothing: "
        "failed; look at the new events, or set `max_champion_drop: null`"
    )
    return Check(_rule(name), False, 0.0, None, text)


def _not_measured(name: str, mean: float) -> Check:
    text = (
        f"{name}: champion {mean:.4f} in this window; what it was when it was published is not "
        "known, so whether this window is a usual one was not measured"
    )
    return Check(_rule(name), True, mean, None, text, decides=False)


def _rule(name: str) -> str:
    return f"{name}.usual_window"
