"""A number, scaled by what training saw: dense `[B, 2]`, the value and is-missing.

A number that is not finite is missing: (0, 1). There is no unknown. A column with one value in
training carries nothing and encodes to 0, whatever comes later.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.features.feature_type import Output, Raw
from tfrs_models.features.graph import with_missing
from tfrs_models.features.training_column import TrainingColumn

Probability = Annotated[float, Field(ge=0, le=1)]
FLOAT32_RESOLUTION = 1e-7


class Options(Section):
    """How the number is scaled."""

    transform: Literal["standard", "log", "quantile", "none"] = "standard"
    """`standard`: (x - mean) / deviation. `log`: the same of sign(x) log(1 + |x|). `quantile`: the
    share of training rows below x, from -1 to 1. `none`: x."""
    clip_quantiles: tuple[Probability, Probability] | None = None
    """Numbers are first clipped to these quantiles of the training rows, such as [0.01, 0.99]."""
    clip_deviations: Annotated[float, Field(gt=0)] = 5.0
    """`standard` and `log` end at this many deviations from the mean."""
    knots: Annotated[int, Field(ge=2, le=10_000)] = 101
    """Quantiles kept by `quantile`; between them the share grows linearly."""

    @model_validator(mode="after")
    def _check_clip(self) -> Self:
        if self.clip_quantiles and self.clip_quantiles[0] >= self.clip_quantiles[1]:
            raise ValueError(
                f"`clip_quantiles` must increase, received {list(self.clip_quantiles)}: "
                "write the lower one first, such as [0.01, 0.99]"
            )
        return self


def raw(options: Options) -> Raw:
    """One number a row."""
    return Raw("float32")


def fit(options: Options, column: TrainingColumn, vocabulary: Path) -> dict[str, Any]:
    """Learn the clip limits, then the scale of the clipped numbers."""
    limits = column.quantiles(list(options.clip_quantiles)) if options.clip_quantiles else []
    state: dict[str, Any] = {"limits": limits}
    if options.transform in ("standard", "log"):
        state |= _fit_moments(options, column, limits)
    if options.transform == "quantile":
        state |= _fit_knots(options, column)
    return state


def _fit_moments(options: Options, column: TrainingColumn, limits: list[float]) -> dict[str, float]:
    value = f"greatest({limits[0]!r}, least({limits[1]!r}, value))" if limits else "value"
    log = f"sign({value}) * ln(1 + abs({value}))"
    mean, deviation = column.moments(log if options.transform == "log" else value)
    constant = deviation <= FLOAT32_RESOLUTION * abs(mean)
    return {"mean": mean, "scale": 0.0 if constant else 1.0 / deviation}


def _fit_knots(options: Options, column: TrainingColumn) -> dict[str, list[float]]:
    shares = np.linspace(0.0, 1.0, options.knots)
    values = column.quantiles(shares.tolist())
    if not values:
        return {"knots": [], "shares": []}
    knots, group = np.unique(values, return_inverse=True)
    middle = np.bincount(group, weights=shares) / np.bincount(group)
    return {"knots": knots.tolist(), "shares": middle.tolist()}


def output(options: Options, state: Mapping[str, Any]) -> Output:
    """Dense `[B, 2]`: the scaled value and 1 where it is missing."""
    return Output("dense", width=2)


def resources(options: Options, state: Mapping[str, Any], vocabulary: Path) -> dict[str, Any]:
    """None needed."""
    return {}


def encode(
    options: Options, state: Mapping[str, Any], resources: Mapping[str, Any], raw: Any
) -> Any:
    """Clip and scale."""
    missing = tf.logical_not(tf.math.is_finite(raw))
    # Vectorised kernels round otherwise than scalar ones, so a batch would differ from one row in
    # the last bit: in float64 that never reaches the float32 result.
    value = tf.cast(tf.where(missing, tf.zeros_like(raw), raw), tf.float64)
    if state["limits"]:
        value = tf.clip_by_value(value, *state["limits"])
    if options.transform == "quantile":
        value = _share(value, state["knots"], state["shares"])
    if options.transform == "log":
        value = tf.sign(value) * tf.math.log1p(tf.abs(value))
    if options.transform in ("standard", "log"):
        value = _standardise(value, state, options.clip_deviations)
    return with_missing(value, missing)


def _standardise(value: Any, state: Mapping[str, Any], limit: float) -> Any:
    return tf.clip_by_value((value - state["mean"]) * state["scale"], -limit, limit)


def _share(value: Any, knots: list[float], shares: list[float]) -> Any:
    """Piecewise linear through (knot, share), from [0, 1] to [-1, 1]; 0 without two knots."""
    if len(knots) < 2:
        return tf.zeros_like(value)
    x, y = tf.constant(knots, tf.float64), tf.constant(shares, tf.float64)
    left = tf.clip_by_value(tf.searchsorted(x, value, side="right") - 1, 0, len(knots) - 2)
    x0, x1, y0, y1 = (tf.gather(v, left + i) for v in (x, y) for i in (0, 1))
    within = tf.clip_by_value((value - x0) / (x1 - x0), 0.0, 1.0)
    return 2.0 * (y0 + within * (y1 - y0)) - 1.0
