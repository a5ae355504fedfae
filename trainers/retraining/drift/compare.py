"""A pair of distributions judged: its distance against what chance and a floor allow."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from configs.drift import Action, DriftConfig, Metric
from configs.errors import ConfigError
from trainers.retraining.drift.distances import (
    jensen_shannon,
    l_infinity,
    normalized_difference,
    paired,
)
from trainers.retraining.drift.findings import ColumnDrift, judged
from trainers.retraining.drift.histograms import Categories
from trainers.retraining.drift.pairs import Pair
from trainers.retraining.drift.thresholds import (
    Rows,
    jensen_shannon_threshold,
    l_infinity_threshold,
    normalized_difference_threshold,
)


@dataclass(frozen=True)
class _Measure:
    """A distance of names, and the one that chance exceeds with a given probability."""

    distance: Callable[[Categories, Categories], float]
    chance: Callable[[Categories, Categories, Rows, float], float]


_OF_NAMES = {
    "l_infinity": _Measure(l_infinity, l_infinity_threshold),
    "normalized_difference": _Measure(normalized_difference, normalized_difference_threshold),
}


def compare(pair: Pair, settings: DriftConfig, significance: float) -> ColumnDrift:
    """Judge one pair of distributions.

    A side without any value has no distance to one with some: that is an alarm.

    Args:
        pair: the distributions.
        settings: metric, thresholds and actions.
        significance: chance of a false alarm of this pair.

    Raises:
        ConfigError: the metric does not suit the column.
    """
    own = settings.of(pair.column)
    metric: Metric = own.metric if pair.part == "values" else "jensen_shannon"
    fixed = own.threshold if pair.part == "values" else None
    empty = {not pair.reference.total, not pair.current.total}
    distance, chance = (None, 0.0) if True in empty else _measured(pair, metric, significance)
    threshold = fixed or min(1.0, max(settings.min_distance, chance))
    alarm = len(empty) == 2 if distance is None else distance > threshold
    return ColumnDrift(
        pair.column,
        pair.part,
        metric,
        distance,
        threshold,
        judged(alarm, _action(pair, distance, settings)),
        pair.rows,
        pair.independent,
        pair.reference,
        pair.current,
    )


def _action(pair: Pair, distance: float | None, settings: DriftConfig) -> Action:
    """What an alarm does: stops, where the distance is so large that it must."""
    limit = settings.stop_at.get(pair.column)
    far = limit is not None and pair.part == "values" and (distance is None or distance >= limit)
    return "stop" if far else settings.action_of(pair.column)


def _measured(pair: Pair, metric: Metric, significance: float) -> tuple[float, float]:
    """The distance, and what chance exceeds with the given probability."""
    p, q, rows = pair.reference, pair.current, pair.independent
    if metric == "jensen_shannon":
        a, b = paired(p, q)
        values = int(np.count_nonzero(a + b))
        return jensen_shannon(p, q), jensen_shannon_threshold(rows, values, significance)
    if not (isinstance(p, Categories) and isinstance(q, Categories)):
        raise ConfigError(
            f"the metric `{metric}` of the column `{pair.column}` compares names, and the column "
            "holds numbers: take `jensen_shannon`, or name the column in `categorical`"
        )
    measure = _OF_NAMES[metric]
    return measure.distance(p, q), measure.chance(p, q, rows, significance)
