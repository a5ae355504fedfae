"""How well each task of the ranking model predicts, on retrieved lists that it has not learned.

Legend: Q requests, K candidates of a list.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfrs_models.metrics.auc import auc, grouped_auc
from tfrs_models.metrics.pointwise import log_loss, mae, normalized_entropy, rmse
from tfrs_models.metrics.reliability import Reliability, ece, reliability


@dataclass(frozen=True)
class TaskResult:
    """All measurements of one task.

    Attributes:
        name: the task.
        values: by metric, such as `auc`; undefined ones are missing.
        before: predictions against labels, not calibrated; None for a task that is not binary.
        after: the same, calibrated.
    """

    name: str
    values: Mapping[str, float]
    before: Reliability | None = None
    after: Reliability | None = None


def measure_probabilities(
    name: str,
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    labels: NDArray[np.floating],
) -> TaskResult:
    """A binary task.

    Args:
        name: the task.
        before: [Q, K], probabilities that are not calibrated.
        after: [Q, K], calibrated ones.
        labels: [Q, K], from 0 to 1; NaN where a label is not known.
    """
    known = ~np.isnan(labels)
    groups = np.broadcast_to(np.arange(len(labels))[:, np.newaxis], labels.shape)[known]
    raw, sound, true = (a[known].astype(np.float64) for a in (before, after, labels))
    values = {
        "examples": float(len(true)),
        "base_rate": float(true.mean()) if len(true) else float("nan"),
    }
    if len(true):
        values |= {
            "auc": auc(sound, true),
            "grouped_auc": grouped_auc(sound, true, groups),
            "log_loss": log_loss(sound, true),
            "normalized_entropy": normalized_entropy(sound, true),
            "ece": ece(sound, true),
            "ece_uncalibrated": ece(raw, true),
        }
    curves = (reliability(raw, true), reliability(sound, true)) if len(true) else (None, None)
    return TaskResult(name, _defined(values), *curves)


def measure_orders(
    name: str, scores: NDArray[np.floating], labels: NDArray[np.floating]
) -> TaskResult:
    """A task whose output only orders the candidates of one request, both [Q, K]."""
    known = ~np.isnan(labels)
    groups = np.broadcast_to(np.arange(len(labels))[:, np.newaxis], labels.shape)[known]
    predicted, true = scores[known].astype(np.float64), labels[known].astype(np.float64)
    values = {"examples": float(len(true))}
    if len(true):
        values["grouped_auc"] = grouped_auc(predicted, true, groups)
    return TaskResult(name, _defined(values))


def measure_numbers(
    name: str, predictions: NDArray[np.floating], labels: NDArray[np.floating]
) -> TaskResult:
    """A task that predicts a number, both [Q, K]; NaN where a label is not known."""
    known = ~np.isnan(labels)
    predicted, true = predictions[known].astype(np.float64), labels[known].astype(np.float64)
    values = {"examples": float(len(true))}
    if len(true):
        constant = np.full_like(true, true.mean())
        values |= {
            "rmse": rmse(predicted, true),
            "mae": mae(predicted, true),
            "rmse_of_mean": rmse(constant, true),
        }
    return TaskResult(name, _defined(values))


def _defined(values: Mapping[str, float]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items() if np.isfinite(value)}
