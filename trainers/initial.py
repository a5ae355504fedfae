"""Where the training of the two towers starts: at what a matrix factorisation already knows.

Legend: N item rows, D width of the direction.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.retrieval import RetrievalConfig
from tfrs_models.backend import tf
from tfrs_models.data.dataset import FIRST_ROW
from tfrs_models.models.two_tower import PRIOR_SCALE, TwoTower
from trainers.content_start import fit_content
from trainers.embeddings import embed
from trainers.positives import Positives
from trainers.spectral import spectral_directions

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
        users = np.repeat(np.arange(len(found.users), dtype=np.int32), np.diff(found.offsets))
        rows, directions = spectral_directions(
            users[known], found.item[known], config.embedding_dim, seed
        )
        _set_directions(model, rows, directions)
        if model.content is not None:
            columns = _of_content(model.content, items, known_items)
            taught = {name: column[rows] for name, column in columns.items()}
            fit_content(model.content, taught, directions, priors[rows], seed)
            # Together they are the prior; the unknown id adds nothing to that of the content.
            priors -= embed(model.content, columns)[:, -1]
            priors[:FIRST_ROW] = 0.0
    model.item_priors.table.assign(tf.constant(priors[:, np.newaxis]))


def _set_directions(
    model: TwoTower, rows: NDArray[np.intp], directions: NDArray[np.float32]
) -> None:
    """Other rows, the unknown item too, and other columns keep noise that hardly counts."""
    table = _NOISE * model.item_ids.table.numpy()
    table[rows, : directions.shape[1]] = directions
    model.item_ids.table.assign(table)


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
