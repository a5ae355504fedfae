"""From ids to positions inside a model, without a file of ids: any text works, line breaks too.

Legend: N names.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from configs.errors import ArtifactError
from tfrs_models.backend import tf

_FINGERPRINTS = 2**63 - 1


class Names(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """N different texts and their positions, found by binary search over fingerprints.

    Args:
        names: the texts; position i is that of `names[i]`.
        name: of the module.

    Raises:
        ArtifactError: two texts have one fingerprint: they are the same, or very bad luck.
    """

    def __init__(self, names: Sequence[str], name: str) -> None:
        super().__init__(name=name)
        texts = tf.constant([*names], tf.string)
        prints = tf.strings.to_hash_bucket_fast(texts, _FINGERPRINTS).numpy()
        order = np.argsort(prints)
        _check(names, prints[order], order)
        self.texts = _fixed(texts, "texts")
        self._prints = _fixed(prints[order], "fingerprints")
        self._order = _fixed(order.astype(np.int32), "order")

    def __len__(self) -> int:
        return int(self.texts.shape[0])

    def positions(self, texts: Any) -> Any:
        """Positions int32 of texts of any shape; N where the text is none of the names."""
        flat = tf.reshape(texts, [-1])
        place = tf.searchsorted(self._prints, tf.strings.to_hash_bucket_fast(flat, _FINGERPRINTS))
        found = tf.gather(self._order, tf.minimum(place, len(self) - 1))
        same = tf.equal(tf.gather(self.texts, found), flat)
        return tf.reshape(tf.where(same, found, len(self)), tf.shape(texts))

    def cells(self, texts: Any) -> Any:
        """Row and position of every name that stands in texts [B, E]: int32 [any number, 2]."""
        columns = self.positions(texts)
        rows = tf.broadcast_to(tf.range(tf.shape(texts)[0])[:, tf.newaxis], tf.shape(texts))
        return tf.boolean_mask(tf.stack([rows, columns], axis=-1), columns < len(self))

    def marked(self, texts: Any) -> Any:
        """Which names stand in each row of texts [B, E]: bool [B, N]."""
        cells = self.cells(texts)
        hits = tf.ones_like(cells[:, 0])
        return tf.scatter_nd(cells, hits, [tf.shape(texts)[0], len(self)]) > 0


def _check(names: Sequence[str], prints: Any, order: Any) -> None:
    same = np.flatnonzero(prints[1:] == prints[:-1])
    if same.size:
        first, second = (names[place] for place in order[same[0] : same[0] + 2])
        raise ArtifactError(
            f"`{first}` and `{second}` have one fingerprint, so a model cannot tell them apart: "
            "rename one of them in the source."
        )


def _fixed(values: Any, name: str) -> Any:
    return tf.Variable(values, trainable=False, name=name)
