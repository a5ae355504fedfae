"""The leading singular vectors of who took what, within the memory that a log leaves.

Legend: U users, N item rows, I items with training events, D width of the direction.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tfrs_models.backend import tf

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_POWER_ITERATIONS = 3
_OVERSAMPLING = 16
_RANK_TOLERANCE = 1e-7
_BLOCK = 65_536


def spectral_directions(
    user: NDArray[np.integer], item: NDArray[np.int32], dim: int, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Unit vectors of the items in the space of the leading right singular vectors.

    The matrix is who took what, 1 / sqrt(items of the user * users of the item): the ideal low-pass
    filter of the interaction graph (Shen et al. 2021). The sum of the vectors of a history, times
    that of a candidate, is the filter's score.

    Args:
        user: [P], numbers of users from 0.
        item: int32 [P], item rows.
        dim: D; fewer directions come back where the matrix has fewer.
        seed: of the random projection.

    Returns:
        Rows of the items with events [I], ascending, and float32 [I, at most D].
    """
    taken = np.bincount(item) > 0
    rows = np.flatnonzero(taken)
    number = np.cumsum(taken, dtype=np.int32) - 1
    matrix = _normalised(user, number[item], len(rows))
    vectors = right_singular_vectors(matrix, dim, seed)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
    return rows, vectors


def _normalised(user: NDArray[np.integer], item: NDArray[np.int32], num_items: int) -> "csr_array":
    """Each pair once, 1 / sqrt(items of the user * users of the item): float32 [U, I]."""
    from scipy.sparse import csr_array

    ones = np.ones(len(item), np.float32)
    matrix = csr_array((ones, (user, item)), shape=(int(user.max()) + 1, num_items))
    matrix.sum_duplicates()
    of_user = np.diff(matrix.indptr).astype(np.int32)
    of_item = np.bincount(matrix.indices, minlength=num_items)
    matrix.data = np.repeat(_inverse_root(of_user), of_user)
    matrix.data *= _inverse_root(of_item)[matrix.indices]
    return matrix


def _inverse_root(counts: NDArray[np.integer]) -> NDArray[np.float32]:
    roots: NDArray[np.float32] = np.maximum(counts, 1).astype(np.float32) ** np.float32(-0.5)
    return roots


def right_singular_vectors(matrix: "csr_array", number: int, seed: int) -> NDArray[np.float32]:
    """The leading right singular vectors by randomised subspace iteration: float32 [N, number].

    Source: Halko, Martinsson and Tropp 2011, algorithms 4.4 and 5.1.

    Args:
        matrix: sparse [U, N].
        number: vectors wanted; at most min(U, N) come back.
        seed: of the random start.
    """
    number = min(number, *matrix.shape)
    width = min(number + _OVERSAMPLING, *matrix.shape)
    basis = np.random.default_rng(seed).standard_normal((matrix.shape[1], width), np.float32)
    for _ in range(_POWER_ITERATIONS + 1):
        of_users = _orthonormal(matrix @ basis)
        del basis  # as large as what replaces it
        basis = _orthonormal(matrix.T @ of_users)
    return basis[:, :number]


def _orthonormal(tall: NDArray[np.float32]) -> NDArray[np.float32]:
    """The left singular vectors of [R, C], by falling singular value; zeros where there are fewer.

    In place and from the Gram matrix: a decomposition of the tall matrix would need several times
    its memory. TensorFlow multiplies, because its threads share busy cores better than those of
    BLAS.
    """
    values, vectors, inverse_root = _decomposed_gram(tall)
    order = np.argsort(values)[::-1]
    _multiply(tall, (vectors * inverse_root)[:, order])
    # Once more, turning nothing: what single precision has left of the overlaps goes.
    _, vectors, inverse_root = _decomposed_gram(tall)
    _multiply(tall, (vectors * inverse_root) @ vectors.T)
    return tall


def _decomposed_gram(
    tall: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Eigenvalues and vectors of the Gram matrix, and 1 / root of the values that are not noise."""
    gram = np.zeros((tall.shape[1], tall.shape[1]))
    for start in range(0, len(tall), _BLOCK):
        block = tf.constant(tall[start : start + _BLOCK])
        gram += tf.matmul(block, block, transpose_a=True).numpy()
    values, vectors = np.linalg.eigh(gram)
    kept = values > _RANK_TOLERANCE * values[-1]
    return values, vectors, np.where(kept, np.where(kept, values, 1.0) ** -0.5, 0.0)


def _multiply(tall: NDArray[np.float32], by: NDArray[np.float64]) -> None:
    """Replace [R, C] by its product with [C, C]."""
    factor = tf.constant(by, tf.float32)
    for start in range(0, len(tall), _BLOCK):
        tall[start : start + _BLOCK] = tf.matmul(tall[start : start + _BLOCK], factor).numpy()
