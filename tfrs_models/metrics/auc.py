"""Area under the ROC curve, over all examples and within groups."""

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from tfrs_models.metrics.examples import Examples, demand


def auc(
    predictions: NDArray[np.floating],
    labels: NDArray[np.floating],
    weights: NDArray[np.floating] | None = None,
) -> float:
    """Chance that a positive is predicted above a negative, a tie counted half.

    With weights, a pair counts the product of its two. NaN when one class is missing.

    Args:
        predictions: floating [N], on any scale.
        labels: floating [N], 0 or 1.
        weights: floating [N]; None weighs every example 1.

    Raises:
        DataError: names the array, the rule and the value.
    """
    examples = _check(predictions, labels, weights)
    areas, _ = _areas(np.zeros(len(examples.labels), np.int8), examples)
    return float(areas[0])


def grouped_auc(
    predictions: NDArray[np.floating],
    labels: NDArray[np.floating],
    groups: NDArray[np.integer],
    weights: NDArray[np.floating] | None = None,
) -> float:
    """GAUC: mean of the AUC within each group, weighted by the total weight of the group.

    Groups with one class are left out; NaN when all are. Unweighted, a group counts its number of
    examples. Source: Zhu et al., "Optimized cost per click in Taobao display advertising",
    KDD 2017; used by Zhou et al., "Deep interest network for click-through rate prediction",
    KDD 2018.

    Args:
        predictions: floating [N], on any scale.
        labels: floating [N], 0 or 1.
        groups: integer [N], such as the user of each example, in any order.
        weights: floating [N]; None weighs every example 1.

    Raises:
        DataError: names the array, the rule and the value.
    """
    examples = _check(predictions, labels, weights)
    if groups.shape != examples.labels.shape:
        raise DataError(
            f"`groups` must name the group of each example, {examples.labels.shape}, received the "
            f"shape {groups.shape}."
        )
    areas, totals = _areas(groups, examples)
    both = ~np.isnan(areas)
    return float(np.average(areas[both], weights=totals[both])) if both.any() else float("nan")


def _check(
    predictions: NDArray[np.floating],
    labels: NDArray[np.floating],
    weights: NDArray[np.floating] | None,
) -> Examples:
    examples = Examples.check(predictions, labels, weights)
    binary = (examples.labels == 0) | (examples.labels == 1)
    advice = "Say first which labels are positive."
    demand("labels", examples.labels, binary, "be 0 or 1", advice)
    return examples


def _areas(
    groups: NDArray[np.integer], examples: Examples
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """AUC, NaN with one class, and total weight of each group: float64 [G] each."""
    order = np.lexsort((examples.predictions, groups))
    starts_group = _changes(groups[order])
    starts_tie = starts_group | _changes(examples.predictions[order])
    ties = np.flatnonzero(starts_tie)
    weights, labels = examples.weights[order], examples.labels[order]
    positive = np.add.reduceat(weights * labels, ties)
    negative = np.add.reduceat(weights * (1 - labels), ties)

    starts_group = starts_group[ties]
    firsts = np.flatnonzero(starts_group)
    below = np.cumsum(negative) - negative
    below -= below[firsts][np.cumsum(starts_group) - 1]
    won = np.add.reduceat(positive * (below + negative / 2), firsts)
    positives, negatives = np.add.reduceat(positive, firsts), np.add.reduceat(negative, firsts)
    areas = np.full(len(firsts), np.nan)
    pairs = positives * negatives
    np.divide(won, pairs, out=areas, where=pairs > 0)
    return areas, positives + negatives


def _changes(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Whether each value differs from the one before it; the first does."""
    changes = np.ones(len(values), np.bool_)
    changes[1:] = values[1:] != values[:-1]
    return changes
