import numpy as np
import pyarrow as pa

from exports.samples import sample_queries
from tfrs_models.backend import tf


class Encoder:
    """Reads a column whose name begins as that of the history does."""

    def raw_signature(self, table: str) -> dict[str, tf.TensorSpec]:
        spec = tf.TensorSpec([None], tf.float32)
        return {"history_score": spec} if table == "context" else {}

    def history_signature(self) -> dict[str, tf.TensorSpec]:
        return {"history": tf.TensorSpec([None, None], tf.string)}


def test_visitors_took_the_first_items() -> None:
    items = pa.table({"item_id": ["a", "b", "c", "d"]})
    rows = sample_queries(Encoder(), None, items, now=7, most=8)
    assert rows["history"].tolist() == [["a", "b", "c"]] * 2
    assert np.isnan(rows["history_score"]).tolist() == [True, True]
