"""Whether a window can decide anything: one window for all models, users enough, finite numbers.

Legend: Q queries.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from configs.gate import GateConfig
from trainers.retraining.gate.scored import Scored
from trainers.retraining.gate.verdict import Check


class Measured(Protocol):
    """The metrics of one model, query by query."""

    @property
    def users(self) -> NDArray[Any]:
        """[Q], the user of each query."""

    @property
    def metrics(self) -> Mapping[str, NDArray[np.float64]]:
        """Name -> float64 [Q]."""


def require_one_window(models: Mapping[str, Measured], metrics: Collection[str]) -> None:
    """Check that all models answered the same queries and have the metrics.

    Args:
        models: by what a message calls them.
        metrics: that each must have.

    Raises:
        DataError: they do not.
    """
    first, *others = models.values()
    for name, model in models.items():
        missing = [metric for metric in metrics if metric not in model.metrics]
        if missing:
            raise DataError(
                f"the {name} must have every metric that is compared, `{missing[0]}` is missing; "
                f"received {', '.join(model.metrics) or 'none'}: score its lists with all of them"
            )
    if any(not np.array_equal(first.users, other.users) for other in others):
        raise DataError(
            f"the models must answer the same queries in the same order, received "
            f"{', '.join(f'{len(one.users):,} of the {name}' for name, one in models.items())}: "
            "score all of them anew on one window"
        )


def require_masks(
    slices: Mapping[str, NDArray[np.bool_]], queries: int, config: GateConfig
) -> None:
    """Check that the masks are those of the configuration, and fit the queries.

    Raises:
        DataError: they do not.
    """
    for name in config.slices:
        if not any(key == name or key.startswith(f"{name}=") for key in slices):
            raise DataError(
                f"slices must hold `{name}` of `slices`, received "
                f"{', '.join(slices) or 'none'}: mask it with `slice_masks`, or take it out of the "
                "configuration"
            )
    for name, mask in slices.items():
        if mask.dtype != np.bool_ or mask.shape != (queries,):
            raise DataError(
                f"the slice `{name}` must be a mask of bool [{queries}], received {mask.dtype} "
                f"{list(mask.shape)}: mask the queries of the window"
            )


def window_checks(models: Mapping[str, Scored], config: GateConfig) -> Iterator[Check]:
    """Enough users, and no number that is not finite."""
    users = users_of(next(iter(models.values())))
    yield Check(
        "users",
        users >= config.min_users,
        users,
        config.min_users,
        f"the window has {users:,} users, at least {config.min_users:,} are needed",
    )
    faults = [fault for name, model in models.items() for fault in _not_finite(name, model)]
    yield Check(
        "finite",
        not faults,
        len(faults),
        0,
        f"not finite: {'; '.join(faults)}" if faults else "all numbers are finite",
    )


def users_of(scored: Scored) -> int:
    """How many different users asked."""
    return len(np.unique(scored.users))


def _not_finite(model: str, scored: Scored) -> Iterator[str]:
    for name, values in scored.metrics.items():
        count = int(np.count_nonzero(~np.isfinite(values)))
        if count:
            yield f"`{name}` of the {model} in {count:,} of {len(values):,} queries"
    for name, value in asdict(scored.facts).items():
        if value is not None and not np.isfinite(value):
            yield f"`{name}` of the {model}, {value}"
