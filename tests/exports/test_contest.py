"""Which index wins, by numbers made by hand."""

import pytest

from exports.contest import Measured, choose


def index(name: str, recall: float, p50_ms: float) -> Measured:
    return Measured(name, {}, recall, p50_ms, 9.0, 1.0, 100)


def winner(*found: Measured, min_recall: float = 0.95) -> Measured:
    return found[choose(found, min_recall)]


EXACT = index("exact", 1.0, 2.0)


def test_the_fastest_that_finds_enough_wins() -> None:
    slow, fast = index("scann", 0.99, 1.0), index("scann", 0.96, 0.5)
    assert winner(EXACT, slow, fast) is fast


def test_one_that_finds_too_little_is_out_however_fast() -> None:
    poor, fair = index("scann", 0.94, 0.1), index("faiss_hnsw", 0.95, 1.0)
    assert winner(EXACT, poor, fair) is fair


def test_the_exact_index_is_taken_when_no_other_finds_enough() -> None:
    assert winner(EXACT, index("scann", 0.999, 0.1), min_recall=1.0) is EXACT


@pytest.mark.parametrize(("p50_ms", "taken"), [(1.83, "exact"), (1.81, "scann")])
def test_the_exact_index_may_be_a_tenth_slower(p50_ms: float, taken: str) -> None:
    # 2.0 / 1.1 = 1.818 ms.
    assert winner(EXACT, index("scann", 0.99, p50_ms)).type == taken
