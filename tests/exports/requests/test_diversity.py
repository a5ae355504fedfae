import numpy as np
import pytest

from exports.requests.diversity import diversified
from tfrs_models.backend import tf
from tfrs_models.reranking.candidates import Candidates
from tfrs_models.reranking.methods import mmr


@pytest.mark.parametrize("diversity", [0.0, 0.2, 0.7, 1.0])
def test_the_order_is_that_of_the_server(diversity: float) -> None:
    random = np.random.default_rng(0)
    scores = -np.sort(-random.random((3, 12)), axis=1).astype(np.float32)
    vectors = random.standard_normal((3, 12, 4)).astype(np.float32)
    found = diversified(
        tf.constant(scores),
        tf.ones([3, 12], tf.bool),
        tf.constant(vectors),
        tf.fill([3], diversity),
        7,
    ).numpy()
    options = mmr.Options(relevance=1 - diversity)
    for row in range(3):
        one = Candidates(np.arange(12), scores[row].astype(float), vectors=vectors[row])
        assert found[row].tolist() == mmr.rerank(options, one, 7)[:7].tolist()


def test_places_without_a_candidate_come_last() -> None:
    scores = tf.constant([[0.0, 0.5, 0.0, 0.9]])
    valid = tf.constant([[False, True, False, True]])
    vectors = tf.constant([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]])
    assert diversified(scores, valid, vectors, tf.constant([0.9]), 4).numpy().tolist() == [
        [3, 1, 0, 2]
    ]
