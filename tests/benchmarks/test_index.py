import numpy as np
import pytest
from index import (
    Figures,
    at_recall,
    comparison,
    of_bundle,
    ours,
    sentence,
    simulated,
    throughput,
)
from support.bundles import make_run

from exports.choice import Vectors
from exports.index import Index


def setting(recall: float, p50_ms: float, name: str = "scann") -> Figures:
    return Figures(name, "", recall, p50_ms, 9.0, 1.0, 1.0, 1)


def test_the_time_at_a_recall_lies_on_the_line_between_two_settings():
    # 0.95 is three quarters of the way from 0.92 to 0.96: 1 + 0.75 * 2 ms.
    found = [setting(0.96, 3.0), setting(0.92, 1.0), setting(0.99, 9.0)]
    assert at_recall(found, 0.95) == pytest.approx(2.5)


def test_a_setting_that_another_beats_in_both_does_not_count():
    found = [setting(0.92, 1.0), setting(0.96, 3.0), setting(0.94, 8.0)]
    assert at_recall(found, 0.95) == pytest.approx(2.5)


def test_more_than_was_asked_for_stands_for_less():
    assert at_recall([setting(0.97, 2.0), setting(1.0, 5.0)], 0.95) == 2.0


def test_a_recall_that_is_not_reached_has_no_time():
    assert at_recall([setting(0.94, 0.1)], 0.95) is None
    assert at_recall([], 0.95) is None


def test_rivals_are_compared_by_their_ratio():
    times = comparison([setting(0.95, 0.5), setting(0.95, 1.0, "faiss_hnsw")])
    assert times == {"scann": 0.5, "faiss_hnsw": 1.0, "hnswlib": None}
    assert sentence("faiss_hnsw", times).endswith("2.00 times ours")
    assert "not compared" in sentence("hnswlib", times)


def test_simulated_vectors_are_directions_with_a_prior():
    embeddings, queries = simulated(50, 8, 5)
    assert (embeddings.shape, queries.shape) == ((50, 9), (5, 9))
    np.testing.assert_allclose(np.linalg.norm(embeddings[:, :-1], axis=1), 1, atol=1e-6)
    # The most popular item has -0.05 log 1, the least -0.05 log 50.
    assert embeddings[:, -1].max() == 0
    assert embeddings[:, -1].min() == pytest.approx(-0.05 * np.log(50))
    assert (queries[:, -1] == 1).all()


def test_queries_of_a_bundle_are_those_of_its_users(tmp_path):
    bundle = make_run(tmp_path).bundle
    embeddings, queries = of_bundle(bundle, 7)
    kept = np.load(bundle / "index" / "exact" / "embeddings.npy")
    np.testing.assert_array_equal(embeddings, kept)
    assert (queries.dtype, queries.shape) == (np.float32, (7, kept.shape[1]))


def test_throughput_counts_all_queries_in_batches():
    sizes = []

    def search(queries, k):
        sizes.append(len(queries))
        return np.zeros((len(queries), k), np.int64), np.zeros((len(queries), k), np.float32)

    clock = iter([0.0, 2.0]).__next__
    assert throughput(Index(search, 100, 2), np.zeros((300, 2), np.float32), clock) == 150
    assert sizes == [256, 44]


def test_every_setting_of_ours_is_measured_and_a_wider_search_finds_no_less(tmp_path):
    embeddings, queries = simulated(400, 8, 5)
    vectors = Vectors(embeddings, [str(row) for row in range(400)], queries, seed=0)
    found = [(one.index, one.settings, one.recall) for one in ours(vectors, tmp_path)]
    # Of 20 partitions 1 and 4 are searched, in ScaNN's trees, with SOAR and without, and in the
    # lists; 400 candidates are the fewest that are scored again.
    assert [name for name, _, _ in found] == [
        "exact", *["scann"] * 5, *["faiss_ivfpq"] * 2, *["faiss_hnsw"] * 3,
    ]  # fmt: skip
    assert len({(name, settings) for name, settings, _ in found}) == len(found)
    lists = [recall for name, _, recall in found if name == "faiss_ivfpq"]
    assert lists == sorted(lists)
    assert lists[0] < 0.5 < lists[-1]
