import numpy as np
import pytest
from support.datasets import make_dataset
from support.training import ids_of, make_material

from tfrs_models.backend import tf
from tfrs_models.data.dataset import TEST, TRAIN, PreparedDataset
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.metrics.rows import Rows
from trainers.histories import history_ids, latest_items


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> PreparedDataset:
    """Known items a to e have rows 2 to 6; y and z appear only in the test split, rows 7 and 8."""
    return make_dataset(
        tmp_path_factory.mktemp("data"), ["u"] * 7, list("abcdeyz"), split=[TRAIN] * 5 + [TEST] * 2
    )


@pytest.fixture(scope="module")
def encoder(dataset: PreparedDataset, tmp_path_factory: pytest.TempPathFactory) -> FeatureEncoder:
    return make_material(dataset, tmp_path_factory.mktemp("features"))[1]


def rows(*histories: list[int]) -> Rows:
    owners = np.repeat(np.arange(len(histories)), [len(h) for h in histories])
    return Rows.from_owners(
        owners, np.array([i for h in histories for i in h], np.int32), len(histories)
    )


def encoded_by_the_encoder(
    encoder: FeatureEncoder, dataset: PreparedDataset, histories: list[list[int]]
) -> np.ndarray:
    """The same histories as raw ids, padded at the end."""
    names = ids_of(dataset, "item")
    width = max(1, *(len(h) for h in histories))
    raw = [[names[row] for row in h] + [""] * (width - len(h)) for h in histories]
    return encoder.encode_history(tf.constant(raw))["history"].numpy()


def test_the_most_recent_items_are_kept_oldest_first(dataset):
    # Length 3 of [2, 3, 4, 5] leaves [3, 4, 5].
    found = latest_items(dataset, rows([2, 3, 4, 5], [6], []), 3)
    assert found.tolist() == [[3, 4, 5], [6, 0, 0], [0, 0, 0]]


def test_unknown_items_leave_no_gap_and_take_no_place(dataset):
    # 7 and 8 are not in the vocabulary: [2, 7, 3, 8] holds two known items.
    assert latest_items(dataset, rows([2, 7, 3, 8]), 3).tolist() == [[2, 3, 0]]


def test_an_old_known_item_counts_before_recent_unknown_ones(dataset):
    assert latest_items(dataset, rows([4, 7, 8, 7]), 2).tolist() == [[4, 0]]


def test_repeats_are_kept(dataset):
    assert latest_items(dataset, rows([2, 2, 3]), 3).tolist() == [[2, 2, 3]]


def test_no_history_at_all_gives_padding_and_no_queries_give_none(dataset):
    assert latest_items(dataset, rows([], []), 2).tolist() == [[0, 0], [0, 0]]
    assert latest_items(dataset, rows(), 2).shape == (0, 2)


def test_a_length_of_zero_keeps_nothing(dataset):
    assert latest_items(dataset, rows([2, 3]), 0).shape == (1, 0)


def test_evaluation_reads_histories_as_the_served_encoder_does(dataset, encoder):
    random = np.random.default_rng(3)
    lengths = [0, 1, 2, 3, 4, 7, *random.integers(0, 9, 60)]
    histories = [random.integers(2, 9, n).tolist() for n in lengths]
    expected = encoded_by_the_encoder(encoder, dataset, histories)
    found = latest_items(dataset, rows(*histories), 3)
    np.testing.assert_array_equal(found, expected, strict=True)


def test_rows_out_of_the_vocabulary_are_no_history_ids(dataset):
    assert history_ids(dataset, np.array([2, 6, 7, 8], np.int32)).tolist() == [2, 6, 0, 0]
