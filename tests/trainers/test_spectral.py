import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse import random as random_sparse

from trainers.spectral import right_singular_vectors, spectral_directions


def test_singular_vectors_span_the_space_of_an_exact_decomposition() -> None:
    matrix = csr_array(random_sparse(60, 40, 0.2, random_state=1), dtype=np.float32)
    # Make five directions stand out, so that their space is well defined.
    dense = matrix.toarray()
    left, values, right = np.linalg.svd(dense, full_matrices=False)
    strong = csr_array(
        (left * np.where(np.arange(40) < 5, 5 * values, 0.1)) @ right, dtype=np.float32
    )
    found = right_singular_vectors(strong, 5, seed=0)
    expected = np.linalg.svd(strong.toarray(), full_matrices=False)[2][:5].T
    np.testing.assert_allclose(found.T @ found, np.eye(5), atol=1e-5)
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-4)


@pytest.mark.parametrize("shape", [(3, 40), (40, 3), (1, 1), (4, 4)])
def test_no_more_vectors_come_back_than_there_are(shape: tuple[int, int]) -> None:
    matrix = csr_array(np.random.default_rng(0).random(shape, np.float32))
    assert right_singular_vectors(matrix, 10, seed=0).shape == (shape[1], min(shape))


def test_the_seed_decides_the_vectors() -> None:
    matrix = csr_array(random_sparse(50, 30, 0.2, random_state=1), dtype=np.float32)
    first, same = (right_singular_vectors(matrix, 4, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, same)


def test_directions_are_unit_vectors_of_the_items_that_somebody_took() -> None:
    user, item = np.array([0, 0, 1, 1, 2]), np.array([2, 3, 3, 5, 5], np.int32)
    rows, directions = spectral_directions(user, item, 2, seed=0)
    assert rows.tolist() == [2, 3, 5]
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1.0, rtol=1e-5)


def test_directions_are_those_of_the_normalised_matrix() -> None:
    """By hand: who took what, over the root of both degrees; repeats count once."""
    user, item = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 2, 2], np.int32)
    taken = np.array([[1, 1, 0], [0, 1, 1], [0, 0, 1]], float)
    scaled = taken / np.sqrt(taken.sum(1)[:, None] * taken.sum(0))
    right = np.linalg.svd(scaled)[2][:2].T
    expected = right / np.linalg.norm(right, axis=1, keepdims=True)
    _, found = spectral_directions(user, item, 2, seed=0)
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-5)
