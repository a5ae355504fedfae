import numpy as np
from ranking_features import fit_features
from ranking_table import Table
from ranking_throughput import as_columns, summary


def test_ratios_are_those_of_the_medians_at_each_batch_size():
    found = {
        "ours_256": [100.0, 50.0, 9000.0],
        "keras_256": [20.0, 20.0, 1.0],
        "ours_2048": [70.0],
        "keras_2048": [10.0],
    }
    assert {n: v for n, v in summary(found, [256, 2048]).items() if n != "medians"} == {
        "ratio_at_256": 5.0,
        "ratio_at_2048": 7.0,
    }


def test_ours_reads_one_feature_for_each_column(tmp_path):
    columns = {"job": np.array(["a", "b"], object), "age": np.array([20.0, 30.0])}
    spec = fit_features(Table(columns, {"income": np.array([0.0, 1.0])}), (), tmp_path / "features")
    assert [feature.name for feature in as_columns(spec).features] == ["job", "age"]
