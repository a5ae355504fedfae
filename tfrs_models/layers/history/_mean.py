"""The layer of the plug-in `mean`."""

from typing import Any

from tfrs_models.backend import tf
from tfrs_models.layers.history._pooling import Items, PoolingEncoder


class Mean(PoolingEncoder):
    """See `tfrs_models.layers.history._pooling.pool`."""

    def weights_of(self, items: Items) -> Any:
        """1 for each item."""
        return tf.ones_like(items.owner, tf.float32)
