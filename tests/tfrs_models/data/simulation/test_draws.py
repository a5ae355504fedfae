import numpy as np
import pytest

from tfrs_models.data.simulation import draws


def test_a_number_depends_only_on_seed_stream_entity_and_index() -> None:
    together = draws.uniform(7, "a", np.arange(100)[:, None], np.arange(5))
    alone = draws.uniform(7, "a", 63, 4)
    assert alone[0] == together[63, 4]


@pytest.mark.parametrize(
    ("seed", "stream", "entity", "index"),
    [(8, "a", 0, 0), (7, "b", 0, 0), (7, "a", 1, 0), (7, "a", 0, 1)],
)
def test_every_part_of_the_key_matters(seed: int, stream: str, entity: int, index: int) -> None:
    assert draws.bits(seed, stream, entity, index) != draws.bits(7, "a", 0, 0)


def test_entity_and_index_do_not_commute() -> None:
    assert draws.bits(7, "a", 2, 3) != draws.bits(7, "a", 3, 2)


def test_bits_do_not_collide_over_a_grid() -> None:
    words = draws.bits(7, "a", np.arange(2000)[:, None], np.arange(200))
    # 4e5 numbers of 2**64: the chance of one collision is 4e-9.
    assert len(np.unique(words)) == words.size


def test_uniform_fills_ten_equal_bins_equally() -> None:
    counts = np.histogram(draws.uniform(1, "u", np.arange(100_000)), bins=10, range=(0, 1))[0]
    # Standard deviation of a bin: sqrt(1e5 * 0.1 * 0.9) = 95.
    assert np.abs(counts - 10_000).max() < 4.5 * 95


def test_uniform_of_neighbouring_entities_is_uncorrelated() -> None:
    numbers = draws.uniform(1, "u", np.arange(100_001))
    # The standard error of a correlation of n pairs is 1 / sqrt(n) = 0.0032.
    assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 4.5 * 0.0032


def test_normal_has_standard_moments_and_independent_columns() -> None:
    numbers = draws.normal(1, "n", np.arange(50_000), 3)
    assert numbers.dtype == np.float32
    # Standard errors: mean 1 / sqrt(n) = 0.0045, standard deviation 1 / sqrt(2 n) = 0.0032,
    # fourth moment sqrt(96 / n) = 0.044.
    assert np.abs(numbers.mean(axis=0)).max() < 4.5 * 0.0045
    assert np.abs(numbers.std(axis=0) - 1).max() < 4.5 * 0.0032
    assert np.abs((numbers**4).mean(axis=0) - 3).max() < 4.5 * 0.044
    assert np.abs(np.corrcoef(numbers.T) - np.eye(3)).max() < 4.5 * 0.0045


def test_pick_follows_the_steps_of_the_running_sums() -> None:
    share = np.array([0.0, 0.249, 0.25, 0.999999])
    assert draws.pick(np.array([1.0, 1.0, 4.0]), share).tolist() == [0, 0, 2, 2]


def test_pick_rows_uses_the_distribution_of_each_row() -> None:
    cumulative = np.array([[1.0, 2.0], [0.0, 5.0], [3.0, 3.0]])
    row = np.array([0, 0, 1, 2])
    share = np.array([0.49, 0.5, 0.0, 0.999])
    assert draws.pick_rows(cumulative, row, share).tolist() == [0, 1, 1, 0]


def test_pick_rows_does_not_depend_on_where_a_row_stands() -> None:
    rng = np.random.default_rng(0)
    cumulative = np.cumsum(rng.random((500, 40)), axis=1)
    row, share = rng.integers(500, size=5000), rng.random(5000)
    moved = draws.pick_rows(cumulative[::-1].copy(), 499 - row, share)
    assert np.array_equal(moved, draws.pick_rows(cumulative, row, share))
