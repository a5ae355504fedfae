"""EASE: a linear model of items on items in closed form, for small catalogues."""

from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs.section import Section
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.evaluation.baseline import NotApplicableError
from tfrs_models.evaluation.popularity import fill_with_popularity, train_counts
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.sparse import indicator, train_matrix
from tfrs_models.evaluation.top_k import Scorer

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class Options(Section):
    """Settings of `ease`."""

    l2: Annotated[float, Field(gt=0)] = 500.0
    """Ridge strength (lambda in the paper)."""
    max_items: Annotated[int, Field(ge=1)] = 8000
    """Refuse above this many items with training events: time grows with the cube."""


def fit(
    options: Options,
    dataset: PreparedDataset,
    queries: Queries,
    seed: int,  # noqa: ARG001 - the signature of every baseline
) -> Scorer:
    """Ridge regression of every item on all others; a score is `history @ weights`.

    `P = (X'X + l2 I)^-1`, `weights = I - P / diag(P)`. Source: Steck, "Embarrassingly shallow
    autoencoders for sparse data", WWW 2019, equation 8.

    Raises:
        NotApplicableError: more than `max_items` items have training events.
    """
    counts = train_counts(dataset)
    items = np.flatnonzero(counts)
    if len(items) > options.max_items:
        raise NotApplicableError(
            f"`ease` inverts an items x items matrix and takes at most `max_items` "
            f"({options.max_items}) items, received {len(items)}. Raise "
            "`evaluation.baseline_options.ease.max_items` if the machine can bear it."
        )
    weights = _weights(train_matrix(dataset)[:, items], options.l2)
    profiles = indicator(queries.history, dataset.num_items)[:, items]

    def score(block: NDArray[np.intp]) -> NDArray[np.float32]:
        scores = np.zeros((len(block), dataset.num_items), np.float32)
        scores[:, items] = profiles[block] @ weights
        return fill_with_popularity(scores, counts)

    return score


def _weights(taken: "csr_array", l2: float) -> NDArray[np.float32]:
    """float32 [I, I] with a zero diagonal, from the user-item matrix [U, I]."""
    gram = (taken.T @ taken).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += l2
    inverse = np.linalg.inv(gram)
    weights: NDArray[np.float32] = (inverse / -np.diag(inverse)).astype(np.float32)
    np.fill_diagonal(weights, 0)
    return weights
