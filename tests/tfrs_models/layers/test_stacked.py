import numpy as np
import pytest

from tfrs_models.backend import tf
from tfrs_models.features.feature_type import Output
from tfrs_models.layers.embedding import is_table
from tfrs_models.layers.stacked import StackedEmbedding

OUTPUTS = {"genres": Output("ids", 2, 4), "job": Output("ids", 1, 3), "city": Output("ids", 1, 5)}


@pytest.fixture
def layer() -> StackedEmbedding:
    """Row r is (r, 10 r): `job` has the rows 0 to 2, `city` 3 to 7, and `genres` 8 to 11."""
    made = StackedEmbedding(OUTPUTS, dim=2, stddev=0.1, seed=0, name="x")
    rows = np.arange(12.0)
    made.embedding.table.assign(np.stack([rows, 10 * rows], axis=1))
    return made


def test_each_feature_has_the_mean_of_its_own_rows(layer: StackedEmbedding) -> None:
    encoded = {
        "genres": tf.constant([[2, 3], [3, 0]]),
        "job": tf.constant([[2], [1]]),
        "city": tf.constant([[4], [1]]),
    }
    # job, city, genres: rows 2, 3 + 4 and the mean of 8 + 2 and 8 + 3; then 1, 3 + 1 and 8 + 3.
    first = layer(encoded).numpy()[:, :, 0]
    assert first.tolist() == [[2, 7, 10.5], [1, 4, 11]]
    assert layer(encoded).numpy()[:, :, 1].tolist() == (10 * first).tolist()


def test_what_is_missing_has_no_row(layer: StackedEmbedding) -> None:
    encoded = {name: tf.zeros([1, one.width], tf.int32) for name, one in OUTPUTS.items()}
    assert not layer(encoded).numpy().any()


def test_the_rows_of_a_feature_are_those_of_its_ids(layer: StackedEmbedding) -> None:
    found = {name: layer.rows_of(name).numpy()[:, 0].tolist() for name in OUTPUTS}
    assert found == {"job": [0, 1, 2], "city": [3, 4, 5, 6, 7], "genres": [8, 9, 10, 11]}


def test_all_features_share_one_table(layer: StackedEmbedding) -> None:
    assert [v.name for v in layer.trainable_variables] == ["x/table:0"]
    assert is_table(layer.trainable_variables[0])


def test_a_feature_alone_may_hold_several_ids() -> None:
    layer = StackedEmbedding({"genres": Output("ids", 3, 4)}, 1, 0.1, seed=0, name="x")
    layer.embedding.table.assign([[9.0], [1.0], [2.0], [3.0]])
    assert layer({"genres": tf.constant([[1, 3, 0]])}).numpy().tolist() == [[[2.0]]]
