import numpy as np
import pytest

from tfrs_models.backend import tf
from trainers.optimizers.schedule import Schedule


def rates(schedule: Schedule, *steps: int) -> list[float]:
    return [float(schedule(tf.constant(step, tf.int64))) for step in steps]


def test_the_rate_grows_linearly_and_stays() -> None:
    found = rates(Schedule(0.2, 4, "constant", 10), 0, 1, 3, 4, 1_000)
    np.testing.assert_allclose(found, [0.05, 0.1, 0.2, 0.2, 0.2], rtol=1e-6)


def test_without_warm_up_the_first_step_is_whole() -> None:
    assert rates(Schedule(0.2, 0, "constant", 10), 0) == [pytest.approx(0.2)]


def test_a_linear_decay_falls_to_0_at_the_end() -> None:
    found = rates(Schedule(0.2, 0, "linear", 10), 0, 5, 9, 10, 99)
    np.testing.assert_allclose(found, [0.2, 0.1, 0.02, 0.0, 0.0], atol=1e-7)


def test_a_cosine_decay_falls_slowly_fast_and_slowly() -> None:
    # (1 + cos(pi / 4)) / 2 = 0.8536 after a quarter.
    found = rates(Schedule(1.0, 0, "cosine", 8), 0, 2, 4, 6, 8, 9)
    np.testing.assert_allclose(found, [1.0, 0.85355, 0.5, 0.14645, 0.0, 0.0], atol=1e-5)


def test_growth_and_decay_multiply() -> None:
    # Half grown, three quarters left.
    np.testing.assert_allclose(rates(Schedule(1.0, 4, "linear", 4), 1), [0.375], rtol=1e-6)


def test_it_is_made_again_from_its_config() -> None:
    schedule = Schedule(0.2, 4, "cosine", 10)
    again = Schedule.from_config(schedule.get_config())
    assert rates(again, 0, 3, 7) == rates(schedule, 0, 3, 7)
