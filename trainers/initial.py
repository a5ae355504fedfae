"""Where the training of the two towers starts: at what a matrix factorisation already knows.

Legend: U users, N item rows, D width of the direction.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from configs.retrieval import RetrievalConfig
from tfrs_models.backend import tf
from tfrs_models.data.dataset import FIRST_ROW
from tfrs_models.models.two_tower import PRIOR_SCALE, TwoTower
from trainers.content_start import fit_content
from trainers.embeddings import embed
from trainers.positives import Positives

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_POWER_ITERATIONS = 3
_OVERSAMPLING = 16
_RANK_TOLERANCE = 1e-7
_SMALLEST_COUNT = 0.3
_NOISE = 0.1


def set_initial_values(
    model: TwoTower,
    found: Positives,
    items: Mapping[str, NDArray[Any]],
    known_items: int,
    config: RetrievalConfig,
    seed: int,
) -> None:
    """Give the item table its initial directions and priors, and teach them to the content.

    Args:
        model: built.
        found: the training events.
        items: encoded item features, [N, ...] by name.
        known_items: rows of the item table.
        config: the retrieval stage.
        seed: of the random projection, and of the order in which the content is taught.
    """
    known = found.item < known_items
    counts = np.bincount(found.item[known], found.weight[known], known_items).astype(np.float64)
    priors = log_popularity(counts, config.popularity_prior) / PRIOR_SCALE
    if config.initialization == "spectral":
        users = np.repeat(np.arange(len(found.users)), np.diff(found.offsets))[known]
        rows, directions = spectral_directions(
            users, found.item[known], known_items, config.embedding_dim, seed
        )
        directions = _padded(directions, config.embedding_dim)
        _set_directions(model, rows, directions)
        if model.content is not None:
            columns = _of_content(model.content, items, known_items)
            taught = {name: column[rows] for name, column in columns.items()}
            fit_content(model.content, taught, directions, priors[rows], seed)
            # Together they are the prior; the unknown id adds nothing to that of the content.
            priors -= embed(model.content, columns)[:, -1]
            priors[:FIRST_ROW] = 0.0
    model.item_priors.table.assign(tf.constant(priors[:, np.newaxis]))


def _padded(directions: NDArray[np.float32], dim: int) -> NDArray[np.float32]:
    """Zeros where there are fewer directions than columns."""
    return np.pad(directions, ((0, 0), (0, dim - directions.shape[1])))


def _set_directions(
    model: TwoTower, rows: NDArray[np.intp], directions: NDArray[np.float32]
) -> None:
    """Other rows, the unknown item too, and other columns keep noise that hardly counts."""
    table = _NOISE * model.item_ids.table.numpy()
    table[rows] = np.where(directions == 0, table[rows], directions)
    model.item_ids.table.assign(tf.constant(table))


def _of_content(
    content: Any, items: Mapping[str, NDArray[Any]], known_items: int
) -> dict[str, NDArray[Any]]:
    names = [feature.name for feature in content.layers[0].features]
    return {name: items[name][:known_items] for name in names}


def log_popularity(counts: NDArray[np.float64], strength: float) -> NDArray[np.float32]:
    """`strength` times log of (events of an item / mean over the items with events): float32 [N].

    Items without events, and the unknown item, start as if they had a third of an event.
    """
    trained = counts[counts > 0]
    logs = np.log(np.maximum(counts, _SMALLEST_COUNT) / trained.mean())
    logs[:FIRST_ROW] = np.log(_SMALLEST_COUNT / trained.mean())
    prior: NDArray[np.float32] = (strength * logs).astype(np.float32)
    return prior


def spectral_directions(
    user: NDArray[np.integer], item: NDArray[np.int32], num_items: int, dim: int, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Unit vectors of the items in the space of the leading right singular vectors.

    The matrix is who took what, 1 / sqrt(items of the user * users of the item): the ideal low-pass
    filter of the interaction graph (Shen et al. 2021). The sum of the vectors of a history, times
    that of a candidate, is the filter's score.

    Args:
        user: [P], numbers of users from 0.
        item: int32 [P], item rows below `num_items`.
        num_items: N.
        dim: D; fewer directions come back where the matrix has fewer.
        seed: of the random projection.

    Returns:
        Rows of the items with events [I], ascending, and float32 [I, at most D].
    """
    from scipy.sparse import csr_array

    ones = np.ones(len(item), np.float32)
    taken = csr_array((ones, (user, item)), shape=(int(user.max()) + 1, num_items))
    taken.sum_duplicates()
    taken.data[:] = 1.0
    of_user = np.maximum(taken.sum(axis=1), 1.0)
    of_item = taken.sum(axis=0)
    rows = np.flatnonzero(of_item)
    taken = taken[:, rows].multiply(of_user[:, None] ** -0.5).multiply(of_item[rows] ** -0.5)
    vectors = right_singular_vectors(csr_array(taken, dtype=np.float32), dim, seed)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return rows, vectors / np.maximum(lengths, np.float32(1e-12))


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
    transposed = matrix.T.tocsr()
    for _ in range(_POWER_ITERATIONS):
        basis = _orthonormal(transposed @ _orthonormal(matrix @ basis))
    return _orthonormal(transposed @ _orthonormal(matrix @ basis))[:, :number]


def _orthonormal(tall: NDArray[np.float32]) -> NDArray[np.float32]:
    """The left singular vectors of [R, C], by falling singular value; zeros where there are fewer.

    From the Gram matrix: a decomposition of the tall matrix itself would need several times the
    memory. TensorFlow multiplies, because its threads share busy cores better than those of BLAS.
    """
    values, vectors, inverse_root = _decomposed_gram(tall)
    order = np.argsort(values)[::-1]
    turned = _product(tall, (vectors * inverse_root)[:, order])
    # Once more, turning nothing: what single precision has left of the overlaps goes.
    _, vectors, inverse_root = _decomposed_gram(turned)
    return _product(turned, (vectors * inverse_root) @ vectors.T)


def _decomposed_gram(
    tall: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Eigenvalues and vectors of the Gram matrix, and 1 / root of the values that are not noise."""
    columns = tf.constant(tall)
    gram = tf.matmul(columns, columns, transpose_a=True).numpy().astype(np.float64)
    values, vectors = np.linalg.eigh(gram)
    kept = values > _RANK_TOLERANCE * values[-1]
    return values, vectors, np.where(kept, np.where(kept, values, 1.0) ** -0.5, 0.0)


def _product(left: NDArray[np.float32], right: NDArray[np.float64]) -> NDArray[np.float32]:
    product: NDArray[np.float32] = tf.matmul(left, right.astype(np.float32)).numpy()
    return product
