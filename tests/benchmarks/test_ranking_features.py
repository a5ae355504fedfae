import numpy as np
from ranking_features import boundaries, encode, fit_features
from ranking_table import Table

from tfrs_models.features.spec import FeatureSpec


def table() -> Table:
    return Table(
        {
            "job": np.array(["clerk", "clerk", "cook", ""], object),
            "genres": np.array(["War|Drama", "Drama", "", "Drama"], object),
            "age": np.array([20.0, 30.0, 40.0, np.nan]),
        },
        {"income": np.zeros(4)},
        lists=("genres",),
    )


def test_every_column_is_encoded_by_its_kind(tmp_path):
    encoded = encode(fit_features(table(), (), tmp_path / "spec"), table())
    # Ids: 0 missing, 1 unknown, then the most frequent first.
    assert encoded["job"].tolist() == [[2], [2], [3], [0]]
    assert encoded["genres"].tolist() == [[3, 2], [2, 0], [0, 0], [2, 0]]
    # The shares of 20, 30 and 40 from -1 to 1, and is-missing. Of 101 quantiles of three numbers
    # 34 are 20 (shares 0 to 0.33), 33 are 30 and 34 are 40, each taken at its middle.
    shares = [[-0.67, 0], [0, 0], [0.67, 0], [0, 1]]
    np.testing.assert_allclose(encoded["age"], shares, atol=1e-6)
    assert encoded["age_bucket"].tolist() == [[2], [3], [4], [0]]
    # Logarithms of 21, 31 and 41 in standard deviations; the middle one lies above their mean.
    assert (encoded["age_log"][:, 0] > 0).tolist() == [False, True, True, False]


def test_few_values_have_an_interval_each():
    assert boundaries(np.array([3.0, 1, 1, np.nan, 2])) == [2, 3]


def test_the_most_frequent_of_many_values_leaves_the_quantiles_to_the_others():
    # 900 zeros between -100 and 200: alone in an interval that ends at 1, and of the other 300
    # values every sixth is a boundary: 2% of them.
    ends = boundaries(np.concatenate([np.zeros(900), np.arange(-100.0, 0), np.arange(1.0, 201)]))
    assert [end for end in ends if -1 < end < 2] == [0, 1]
    assert len([end for end in ends if end > 1]) == 200 // 6
    assert len([end for end in ends if end < 0]) == 100 // 6


def test_a_text_that_training_lacks_is_unknown(tmp_path):
    spec = fit_features(table().take(np.array([0, 1])), (), tmp_path / "spec")
    assert encode(spec, table())["job"].tolist() == [[2], [2], [1], [0]]


def test_the_spec_is_read_again_with_its_crosses(tmp_path):
    spec = fit_features(table(), (("job", "genres"),), tmp_path / "spec")
    assert FeatureSpec.load(tmp_path / "spec") == spec
    assert [cross.name for cross in spec.crosses] == ["job_x_genres"]
