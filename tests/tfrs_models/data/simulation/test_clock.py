from datetime import date

import numpy as np

from tfrs_models.data.simulation import clock
from tfrs_models.data.simulation.options import Options


def test_the_window_opens_at_midnight_utc() -> None:
    # 2025-01-01 is 20,089 days after 1970-01-01: 55 years of 365 days and 14 leap days.
    assert clock.window(Options(days=2)) == (20_089 * clock.DAY, 20_091 * clock.DAY)


def test_sessions_follow_the_daily_rhythm() -> None:
    options = Options(users=10_000, sessions_per_user=20, days=28)
    counts = clock.session_counts(options, seed=1).reshape(28, 24, 6).sum(axis=(0, 2))
    expected = 200_000 * clock.DAILY / clock.DAILY.sum()
    assert (np.abs(counts - expected) / np.sqrt(expected)).max() < 4.5


def test_sessions_follow_the_weekly_rhythm_from_the_weekday_of_the_start() -> None:
    # 2025-01-01 was a Wednesday, so day 5 is the first Monday.
    options = Options(users=10_000, sessions_per_user=20, days=28, start=date(2025, 1, 1))
    daily = clock.session_counts(options, seed=1).reshape(28, -1).sum(axis=1)
    mondays = daily[[5, 12, 19, 26]].sum()
    expected = 200_000 * clock.WEEKLY[0] / clock.WEEKLY.sum()
    assert abs(mondays - expected) < 4.5 * np.sqrt(expected)


def test_a_season_peaks_at_its_phase_and_returns_after_a_year() -> None:
    options = Options(season_strength=0.4)
    year = int(365.25 * clock.DAY)
    when = np.array([0, year // 2, year])
    wave = clock.season(options, np.zeros(1, dtype=np.float32), when)
    assert np.allclose(wave, [0.4, -0.4, 0.4], atol=1e-5)


def test_new_arrivals_have_the_declared_share_and_lie_in_the_window() -> None:
    options = Options(days=30)
    arrived = clock.arrivals(options, 3, "item", np.arange(50_000), 0.15, 180.0)
    start, end = clock.window(options)
    new = arrived[arrived >= start]
    # Binomial: standard deviation sqrt(5e4 * 0.15 * 0.85) = 79.8.
    assert abs(len(new) - 7_500) < 4.5 * 79.8
    assert new.max() < end
    # Uniform over 30 days: standard error of the mean 30 / sqrt(12 * 7500) = 0.1 days.
    assert abs((new.mean() - start) / clock.DAY - 15) < 4.5 * 0.1
