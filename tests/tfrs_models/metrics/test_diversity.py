import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_array
from sklearn.metrics.pairwise import cosine_similarity

from tfrs_models.metrics.diversity import diversity, unit_rows

# Rows 2 and 3 point the same way, 4 is orthogonal to both, 5 has no vector.
VECTORS = np.array([[0, 0], [0, 0], [3, 0], [5, 0], [0, 2], [0, 0]], np.float32)


@pytest.mark.parametrize("form", [np.asarray, csr_array], ids=["dense", "sparse"])
class TestBothForms:
    def test_unit_rows_have_norm_one_or_zero(self, form):
        unit = unit_rows(form(VECTORS))
        assert_allclose((unit * unit).sum(axis=1), [0, 0, 1, 1, 1, 0])

    def test_equal_items_have_no_diversity_and_orthogonal_ones_all(self, form):
        lists = np.array([[2, 3], [2, 4], [4, 5]], np.int32)
        assert_allclose(diversity(lists, unit_rows(form(VECTORS))), [0, 1, 1], atol=1e-6)

    def test_pairs_are_averaged(self, form):
        # Cosines of the pairs (2, 3), (2, 4), (3, 4): 1, 0, 0.
        lists = np.array([[2, 3, 4, 0]], np.int32)
        assert_allclose(diversity(lists, unit_rows(form(VECTORS))), [2 / 3], atol=1e-6)

    def test_a_list_without_a_pair_is_undefined(self, form):
        lists = np.array([[2, 0], [0, 0]], np.int32)
        assert np.isnan(diversity(lists, unit_rows(form(VECTORS)))).all()

    def test_equals_the_mean_of_scikit_learns_cosines(self, form):
        random = np.random.default_rng(1)
        vectors = random.standard_normal((30, 8)).astype(np.float32)
        lists = np.stack([random.permutation(28)[:6] + 2 for _ in range(20)]).astype(np.int32)
        upper = np.triu_indices(6, k=1)
        expected = [1 - cosine_similarity(vectors[row])[upper].mean() for row in lists]
        assert_allclose(diversity(lists, unit_rows(form(vectors))), expected, atol=1e-5)


def test_no_lists_give_no_values():
    assert diversity(np.zeros((0, 3), np.int32), VECTORS).shape == (0,)
