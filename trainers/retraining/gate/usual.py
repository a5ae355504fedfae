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
        champion: scored on this window.
        published: its means then, by metric; metrics that were not measured are not looked at.
        config: `max_champion_drop`.
    """
    if config.max_champion_drop is None:
        return
    for name in config.metrics:
        if name in published:
            mean = float(champion.metrics[name].mean())
            allowed = (1 - config.max_champion_drop) * published[name]
            passed = mean >= allowed
            text = (
                f"{name}: champion {mean:.4f} in this window, {published[name]:.4f} when it was "
                f"published, at least {allowed:.4f}: {said(passed)}"
            )
            if not passed:
                text += "; look at the new events before you believe this window"
            yield Check(f"{name}.usual_window", passed, mean, allowed, text)
