"""The rival: a two-tower model as the TFRS tutorials build, feed and fit it.

String ids are looked up inside the model, the other examples of a batch are the negatives, and
`tf.data` shuffles single examples, batches them and caches the batches.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrs_models.backend import tf, tfrs

SHUFFLED = 100_000


class Tutorial(tfrs.Model):
    """Users and items by id alone.

    Args:
        users: ids of the users, bytes [U].
        items: ids of the items, bytes [N].
        dim: width of the embeddings.
    """

    def __init__(self, users: NDArray[np.bytes_], items: NDArray[np.bytes_], dim: int) -> None:
        super().__init__()
        self.query_model = _tower(users, dim)
        self.candidate_model = _tower(items, dim)
        self.task = tfrs.tasks.Retrieval()

    def compute_loss(self, inputs: Mapping[str, Any], training: bool = False) -> Any:  # noqa: ARG002
        """The in-batch softmax, without metrics."""
        queries = self.query_model(inputs["user"])
        return self.task(queries, self.candidate_model(inputs["item"]), compute_metrics=False)


def _tower(ids: NDArray[np.bytes_], dim: int) -> Any:
    look_up = tf.keras.layers.StringLookup(vocabulary=np.unique(ids).tolist(), mask_token=None)
    embedding = tf.keras.layers.Embedding(look_up.vocabulary_size(), dim)
    return tf.keras.Sequential([look_up, embedding])


def new_tutorial(
    users: NDArray[np.bytes_], items: NDArray[np.bytes_], dim: int, optimizer: str
) -> Tutorial:
    """An untrained model for the given examples; `optimizer` is `adagrad` or `adam`."""
    model = Tutorial(users, items, dim)
    rules = {"adagrad": tf.keras.optimizers.Adagrad, "adam": tf.keras.optimizers.Adam}
    rates = {"adagrad": 0.1, "adam": 0.001}
    model.compile(optimizer=rules[optimizer](rates[optimizer]))
    return model


def tutorial_batches(users: NDArray[np.bytes_], items: NDArray[np.bytes_], batch_size: int) -> Any:
    """The batches of an epoch; the order of the first one stays, because batches are cached."""
    examples = tf.data.Dataset.from_tensor_slices({"user": users, "item": items})
    shuffled = examples.shuffle(SHUFFLED, seed=0, reshuffle_each_iteration=True)
    return shuffled.batch(batch_size).cache()


def names(rows: NDArray[np.integer[Any]]) -> NDArray[np.bytes_]:
    """Row numbers as the string ids that the tutorial looks up."""
    return rows.astype(np.bytes_)
