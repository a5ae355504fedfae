import numpy as np
import pytest

from tfrs_models.evaluation.miscalibration import miscalibration
from tfrs_models.metrics.rows import Rows
from tfrs_models.reranking.column import Column

# Item rows 2 to 5 are x, y, x and nothing known.
KIND = Column.of([["x"], ["y"], ["x"], []])


def measured(lists: list[list[int]], history: list[int]) -> list[float]:
    past = Rows(np.array([0, len(history)]), np.array(history, np.int32))
    found: list[float] = miscalibration(np.array(lists, np.int32), past, KIND).tolist()
    return found


def test_a_list_of_one_half_of_the_tastes() -> None:
    # p = (.5, .5), q~ = (.995, .005): .5 ln(.5 / .995) + .5 ln(.5 / .005) = 1.958518.
    assert measured([[2, 4, 0]], [2, 3]) == [pytest.approx(1.958518, abs=1e-6)]


def test_a_list_with_the_shares_of_the_history() -> None:
    # What says nothing counts neither in the list nor in the history.
    assert measured([[2, 3, 5]], [3, 5, 4]) == [pytest.approx(0, abs=1e-12)]


def test_an_empty_list() -> None:
    # q~ = .01 p: ln 100.
    assert measured([[0, 0, 0]], [2]) == [pytest.approx(np.log(100))]


@pytest.mark.parametrize("history", [[], [5]])
def test_without_a_known_history_it_is_not_defined(history: list[int]) -> None:
    assert np.isnan(measured([[2, 3, 4]], history)).all()
