"""Findings in sentences."""

from trainers.retraining.drift.distances import names, paired
from trainers.retraining.drift.findings import (
    ColumnDrift,
    DayVolume,
    Mismatch,
    RateDrift,
)
from trainers.retraining.drift.histograms import Categories

METRICS = {
    "jensen_shannon": "Jensen-Shannon divergence",
    "l_infinity": "L-infinity distance",
    "normalized_difference": "normalized difference",
}
OTHERS = "all other values"
_RATES = {
    "missing": "the share of missing values",
    "unknown": "the share of values outside the vocabulary",
    "mean length": "the mean length of the lists",
    "positive": "the share of positive labels",
}


def of_column(one: ColumnDrift) -> str:
    """The distance against its threshold, and the value that moved most."""
    what = f"`{one.column}`" if one.part == "values" else f"the lengths of `{one.column}`"
    if one.distance is None:
        before, now = (f"{side.total:g}" for side in (one.reference, one.current))
        return f"{what}: there were {before} values before and are {now} now."
    side = "is above" if one.distance > one.threshold else "is within"
    return (
        f"{what}: the {METRICS[one.metric]} {one.distance:.4f} {side} the threshold "
        f"{one.threshold:.4f}{_moved_most(one)}."
    )


def of_rate(one: RateDrift) -> str:
    """Both means, and the largest difference without an alarm."""
    shape = ".2f" if one.name == "mean length" else ".2%"
    before, now, limit = (f"{v:{shape}}" for v in (one.reference, one.current, one.threshold))
    return (
        f"`{one.column}`: {_RATES[one.name]} was {before} and is {now}; a change of up to "
        f"{limit} is no alarm."
    )


def of_day(one: DayVolume) -> str:
    """The rows of a day against those of its weekday."""
    return (
        f"{one.day.isoformat()} has {one.rows:,} rows; the mean of its weekday was "
        f"{one.expected:,.1f}, and {one.low:,.0f} to {one.high:,.0f} are no alarm."
    )


def of_mismatch(one: Mismatch) -> str:
    """How many requests differ."""
    return (
        f"`{one.column}` was served otherwise than trained in {one.differing:,} of {one.joined:,} "
        f"requests ({one.share:.2%}); up to {one.limit:.2%} is no alarm."
    )


def shares(one: ColumnDrift) -> dict[str, tuple[float, float]]:
    """Shares of each value that both sides tell, before and now, then of all others together.

    Args:
        one: with values on both sides.

    Returns:
        Pairs by value; empty where values are numbers.
    """
    p, q = one.reference, one.current
    if not (isinstance(p, Categories) and isinstance(q, Categories)):
        return {}
    a, b = (counts / counts.sum() for counts in paired(p, q))
    titles = [*names(p, q), OTHERS]
    pairs = dict(zip(titles, zip(a.tolist(), b.tolist(), strict=True), strict=True))
    return {title: pair for title, pair in pairs.items() if any(pair)}


def _moved_most(one: ColumnDrift) -> str:
    found = shares(one)
    if not found:
        return ""
    name = max(found, key=lambda name: abs(found[name][1] - found[name][0]))
    before, now = found[name]
    return f"; {name!r} moved most, from {before:.2%} to {now:.2%} of the values"
