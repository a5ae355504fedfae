"""Scores of lists, query by query."""

import numpy as np
import pytest

from tfrs_models.evaluation.queries import Queries
from tfrs_models.metrics.rows import Rows
from trainers.retraining.gate.scored import score_lists

NOTHING = Rows(np.zeros(4, np.int64), np.zeros(0, np.int32))
TARGETS = Rows(np.array([0, 1, 3, 4]), np.array([4, 3, 5, 2], np.int32))
QUERIES = Queries(
    user=np.arange(2, 5, dtype=np.int32),
    history=NOTHING,
    events=NOTHING,
    seen=NOTHING,
    targets=TARGETS,
    time=np.zeros(3, np.int64),
    event=np.zeros(3, np.int64),
)


def test_lists_are_scored_query_by_query():
    # Targets: 4; 3 and 5; 2. The first finds it in the second place; the second finds one of two,
    # first; the last finds it in the third place.
    lists = np.array([[3, 4, 0], [3, 4, 0], [3, 4, 2]], np.int32)
    found = score_lists(lists, QUERIES, ["recall@2", "mrr@2", "recall@3"])
    assert {name: values.tolist() for name, values in found.items()} == {
        "recall@2": [1.0, 0.5, 0.0],
        "mrr@2": [0.5, 1.0, 0.0],
        "recall@3": [1.0, 0.5, 1.0],
    }


def test_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match="Did you mean `recall`"):
        score_lists(np.zeros((3, 2), np.int32), QUERIES, ["recal@2"])
