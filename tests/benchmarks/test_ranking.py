import numpy as np
import pytest
from ranking import measure, summary
from ranking_rivals import Outcome
from ranking_table import RankingData, Table, split


def data(kind, train, test) -> RankingData:
    parts = [Table({}, {"task": np.array(labels, float)}) for labels in (train, test)]
    return RankingData(*parts, kind, ())


def test_ratings_are_cut_to_the_range_of_training():
    # 9 counts as 4 and -9 as 2: errors of 0 and 1.
    found = measure(data("rating", [2, 4], [4, 3]), Outcome({"task": np.array([9.0, -9.0])}, 1.234))
    assert found == {"task.rmse": 0.70711, "task.mae": 0.5, "seconds": 1.23}


def test_probabilities_are_measured_by_rank_and_by_value():
    # Of the four pairs of a 1 and a 0 three are in order.
    predictions = np.array([0.9, 0.4, 0.6, 0.1])
    found = measure(data("binary", [0, 1], [1, 1, 0, 0]), Outcome({"task": predictions}, 0.0))
    assert found["task.auc"] == 0.75
    # -(log .9 + log .4 + log .4 + log .9) / 4
    assert found["task.log_loss"] == pytest.approx(0.51083)


def test_a_summary_has_mean_and_deviation_over_the_seeds():
    # The deviations of 0.5 and 0.7 from 0.6 are 0.1: sqrt(2 * 0.01 / 1).
    assert summary({"ours": [{"auc": 0.5}, {"auc": 0.7}]}) == {"ours": {"auc": (0.6, 0.14142)}}


def test_one_seed_has_no_deviation():
    assert summary({"ours": [{"auc": 0.5}]}) == {"ours": {"auc": (0.5, 0.0)}}


def test_a_split_shares_all_rows_out_in_their_order():
    whole = Table({"age": np.arange(10.0)}, {"task": np.zeros(10)})
    kept, held = split(whole, 0.3, seed=1)
    assert len(held) == 3
    assert kept.columns["age"].tolist() == sorted(set(range(10)) - {*held.columns["age"]})
    assert held.columns["age"].tolist() == sorted(held.columns["age"])
