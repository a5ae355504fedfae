import numpy as np
from ranking_features import encode, fit_features
from ranking_rows import RowBatches, Rows
from ranking_table import Table

from tfrs_models.backend import tf
from tfrs_models.features.encoder import FeatureEncoder

TABLE = Table(
    {
        "job": np.array(["clerk", "cook", "cook", ""], object),
        "city": np.array(["a", "b", "a", "b"], object),
        "genres": np.array(["War|Drama", "Drama", "", "Drama"], object),
        "age": np.array([20.0, 30.0, 40.0, np.nan]),
    },
    {"income": np.zeros(4)},
    lists=("genres",),
)
LABELS = np.arange(4, dtype=np.float32)[:, np.newaxis]


def rows(folder) -> tuple[Rows, dict[str, np.ndarray]]:
    spec = fit_features(TABLE, (("job", "city"),), folder / "spec")
    encoded = encode(spec, TABLE)
    return Rows.of(spec, encoded), dict(encoded)


def test_rows_are_read_as_they_were_encoded_with_their_crosses(tmp_path):
    held, encoded = rows(tmp_path)
    query, candidates = held.reader()(tf.constant([2, 0], tf.int64))
    assert set(query) == set(encoded)
    for name, values in encoded.items():
        np.testing.assert_array_equal(query[name], values[[2, 0]])
    crossed = FeatureEncoder(held.spec).encode_crosses(encoded)["job_x_city"].numpy()
    np.testing.assert_array_equal(candidates["job_x_city"], crossed[[2, 0]])


def test_an_epoch_visits_every_row_once_and_the_next_one_in_another_order(tmp_path):
    batches = RowBatches(rows(tmp_path)[0], LABELS, batch_size=2, seed=3)
    assert batches.steps_per_epoch == 2
    visited = [
        batches.batch(tf.constant(step, tf.int64), {})["labels"].numpy().ravel().tolist()
        for step in range(40)
    ]
    epochs = [[*visited[step], *visited[step + 1]] for step in range(0, 40, 2)]
    assert all(sorted(epoch) == [0, 1, 2, 3] for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1


def test_inputs_and_labels_of_a_batch_belong_together(tmp_path):
    held, encoded = rows(tmp_path)
    batch = RowBatches(held, LABELS, batch_size=4, seed=0).batch(tf.constant(0, tf.int64), {})
    order = batch["labels"].numpy().ravel().astype(int)
    assert batch["labels"].shape == (4, 1, 1)
    np.testing.assert_array_equal(batch["query"]["job"], encoded["job"][order])
