import numpy as np
from support.specs import feature

from tfrs_models.backend import tf
from tfrs_models.layers.embedding import Embedding, FeatureEmbeddings, is_table, masked_mean


def test_the_mean_leaves_padding_out() -> None:
    rows = tf.constant([[[1.0, 2.0], [3.0, 4.0], [9.0, 9.0]]])
    ids = tf.constant([[4, 4, 0]])
    assert masked_mean(rows, ids).numpy().tolist() == [[2.0, 3.0]]


def test_the_mean_of_nothing_is_zero() -> None:
    rows = tf.constant([[[1.0, 2.0], [3.0, 4.0]]])
    assert masked_mean(rows, tf.constant([[0, 0]])).numpy().tolist() == [[0.0, 0.0]]


def test_gradients_of_a_table_are_row_sparse_and_skip_padding() -> None:
    layer = Embedding(5, 2, 0.1, seed=0, name="x")
    ids = tf.constant([[3, 0]])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(masked_mean(layer(ids), ids))
    gradient = tape.gradient(loss, layer.table)
    assert isinstance(gradient, tf.IndexedSlices)
    assert gradient.indices.numpy().tolist() == [3, 0]
    assert gradient.values.numpy().tolist() == [[1.0, 1.0], [0.0, 0.0]]


def test_the_seed_decides_the_table() -> None:
    first, same, other = (Embedding(5, 2, 0.1, seed, "x").table.numpy() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert (first != other).all()


def test_features_are_joined_in_their_order() -> None:
    features = [
        feature("b", "item"),
        feature("price", "item", "dense", 2),
        feature("a", "item", width=2),
    ]
    layer = FeatureEmbeddings(features, seed=0, name="tower")
    encoded = {
        "a": tf.constant([[2, 4], [0, 0]]),
        "b": tf.constant([[6], [1]]),
        "price": tf.constant([[0.5, -1.0], [2.0, 3.0]]),
    }
    a, b = (layer.embeddings[name].table.numpy() for name in ("a", "b"))
    expected = [[*b[6], 0.5, -1.0, *(a[2] + a[4]) / 2], [*b[1], 2.0, 3.0, 0, 0, 0]]
    np.testing.assert_allclose(layer(encoded), expected, rtol=1e-6)


def test_tables_of_one_tower_start_differently() -> None:
    features = [feature("a", "item"), feature("b", "item")]
    layer = FeatureEmbeddings(features, seed=0, name="tower")
    assert (layer.embeddings["a"].table.numpy() != layer.embeddings["b"].table.numpy()).all()


def test_tables_are_known_by_their_names() -> None:
    layer = FeatureEmbeddings([feature("a", "item")], seed=0, name="tower")
    assert [v.name for v in layer.trainable_variables] == ["tower/a/table:0"]
    assert is_table(layer.trainable_variables[0])
    assert not is_table(tf.Variable(1.0, name="table_of_contents/kernel"))
