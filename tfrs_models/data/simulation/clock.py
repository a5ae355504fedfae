"""Time: when sessions start, when users and items arrive, seasons. Times are int64 microseconds."""

from datetime import UTC, datetime, time

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.simulation import draws
from tfrs_models.data.simulation.options import Options

SECOND = 1_000_000
DAY = 86_400 * SECOND
CELLS_PER_DAY = 144
CELL = DAY // CELLS_PER_DAY
_YEAR = 365.25 * DAY

DAILY = np.array(
    [3, 2, 1, 1, 1, 2, 4, 6, 8, 9, 9, 10, 11, 10, 9, 9, 10, 12, 15, 18, 20, 18, 12, 6], dtype=float
)
"""Sessions of each hour of the day (UTC), relative."""
WEEKLY = np.array([0.9, 0.9, 0.95, 1.0, 1.1, 1.2, 1.15])
"""Sessions of each day of the week from Monday, relative."""


def window(options: Options) -> tuple[int, int]:
    """First microsecond of the window and the first one after it."""
    midnight = datetime.combine(options.start, time(), UTC)
    start = int(midnight.timestamp()) * SECOND
    return start, start + options.days * DAY


def session_counts(options: Options, seed: int) -> NDArray[np.int64]:
    """Session starts in each cell of ten minutes, int64 [days * 144].

    The users' sessions are independent Poisson processes, so their union is one whose rate is the
    sum, and each start belongs to a user in proportion to the user's rate (superposition).
    """
    rate = np.repeat(DAILY, CELLS_PER_DAY // 24)
    weekday = (options.start.weekday() + np.arange(options.days)) % 7
    shape = np.outer(WEEKLY[weekday], rate).ravel()
    expected = options.users * options.sessions_per_user * shape / shape.sum()
    return np.asarray(np.random.default_rng([seed, 2]).poisson(expected))


def arrivals(
    options: Options,
    seed: int,
    kind: str,
    entity: NDArray[np.int64],
    new_share: float,
    mean_age_days: float,
) -> NDArray[np.int64]:
    """When users or items appear: `new_share` uniformly in the window, the others before it."""
    start, end = window(options)
    where = draws.uniform(seed, f"{kind}_arrival", entity)
    is_new = draws.uniform(seed, f"{kind}_is_new", entity) < new_share
    later = start + where * (end - start)
    age = -np.log1p(-where) * mean_age_days * DAY
    return np.where(is_new, later, start - 1 - age).astype(np.int64)


def season(
    options: Options, phase: NDArray[np.float32], time_us: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Logit of the season: a yearly wave of `season_strength` with the category's phase."""
    angle = (time_us * (2 * np.pi / _YEAR)).astype(np.float64) - phase
    return (options.season_strength * np.cos(angle)).astype(np.float32)
