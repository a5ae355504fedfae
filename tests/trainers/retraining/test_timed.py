"""Answer times that other work on the machine does not decide about."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from trainers.retraining.timed import quietest


class Clock:
    """A clock that only answers move on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def answer(self, seconds: Iterator[float]) -> Callable[[int], None]:
        """Takes the next of the seconds each time."""

        def take(_: int) -> None:
            self.now += next(seconds)

        return take


def timed(first: Iterator[float], last: Iterator[float], enough: float = 1.3) -> list[float]:
    clock = Clock()
    return quietest([clock.answer(first), clock.answer(last)], 10, enough, clock)


def test_equal_ones_take_equal_times() -> None:
    assert timed(itertools.repeat(2.0), itertools.repeat(2.0)) == pytest.approx([2.0, 2.0])


def test_the_quietest_time_of_a_request_counts() -> None:
    # Ten requests a round, of which another one is disturbed in each of four rounds.
    first = itertools.cycle([9.0] + [2.0] * 10)
    assert timed(first, itertools.repeat(2.0)) == pytest.approx([2.0, 2.0])


def test_a_round_that_is_disturbed_from_end_to_end_does_not_count() -> None:
    # The first round of one and the second of the other.
    first = itertools.chain([9.0] * 10, itertools.repeat(2.0))
    last = itertools.chain([2.0] * 10, [9.0] * 10, itertools.repeat(2.0))
    assert timed(first, last) == pytest.approx([2.0, 2.0])


def test_there_are_more_rounds_while_the_first_seems_too_slow() -> None:
    # Disturbed in seven rounds, more than the four that there are without need.
    first = itertools.chain([9.0] * 70, itertools.repeat(2.0))
    assert timed(first, itertools.repeat(2.0)) == pytest.approx([2.0, 2.0])


def test_a_slow_one_stays_slow() -> None:
    # 20 rounds of 10 requests and no more.
    assert timed(iter([3.0] * 200), iter([2.0] * 200)) == pytest.approx([3.0, 2.0])


def test_the_slowest_of_ten_requests_is_nearly_the_99th_percentile() -> None:
    # NumPy's percentile lies .99 * 9 = 8.91 places up: 1 + .91 * (2 - 1).
    one_slow = itertools.cycle([1.0] * 9 + [2.0])
    assert timed(one_slow, itertools.repeat(2.0)) == pytest.approx([1.91, 2.0])
