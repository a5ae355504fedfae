"""The settings of the gate."""

import pytest
from pydantic import ValidationError

from configs.gate import METRICS, GateConfig, MetricRule, split_metric
from tfrs_models.metrics import accuracy


def refused(**settings):
    with pytest.raises(ValidationError) as raised:
        GateConfig.model_validate(settings)
    return str(raised.value)


def test_the_metrics_are_those_of_the_evaluation():
    assert set(METRICS) == set(accuracy.METRICS)


def test_the_defaults():
    rules = GateConfig()
    assert rules.metrics == {"ndcg@20": MetricRule(), "recall@20": MetricRule()}
    assert (rules.metrics["recall@20"].margin, rules.metrics["recall@20"].floor) == (None, None)


def test_a_metric_is_a_name_and_a_length():
    assert split_metric("hit_rate@50") == ("hit_rate", 50)


def test_an_unknown_metric_names_the_nearest():
    assert "Did you mean `recall`?" in refused(metrics={"recal@20": {}})


@pytest.mark.parametrize("key", ["recall", "recall@0", "recall@-1", "recall@1.5", "@20"])
def test_a_metric_without_a_length_is_refused(key):
    assert "a name and a list length, such as `recall@20`" in refused(metrics={key: {}})


def test_no_metric_at_all_is_refused():
    assert "metrics" in refused(metrics={})


@pytest.mark.parametrize(
    "settings",
    [
        {"confidence": 0.5},
        {"confidence": 1.0},
        {"slice_confidence": 1.0},
        {"bootstrap_samples": 99},
        {"min_users": 0},
        {"slice_margin": -0.1},
        {"slice_margin": 1.0},
        {"min_index_recall": 1.1},
        {"max_latency_ratio": 0},
        {"max_latency_ratio": float("inf")},
        {"max_coverage_drop": 1.0},
        {"max_popularity_share_rise": -0.1},
        {"max_rejects_in_a_row": 0},
        {"metrics": {"recall@20": {"margin": 1.0}}},
        {"metrics": {"recall@20": {"margin": float("nan")}}},
        {"metrics": {"recall@20": {"floor": float("nan")}}},
    ],
)
def test_a_value_out_of_range_is_refused_by_name(settings):
    name, value = next(iter(settings.items()))
    text = refused(**settings)
    assert name in text
    assert isinstance(value, dict) or str(value) in text


def test_a_slice_is_named_once():
    assert "`slices` names `country` twice" in refused(slices=["country", "tail", "country"])


def test_a_slice_needs_as_many_users_as_a_window():
    assert "`min_slice_users` must be at least `min_users`" in refused(
        min_users=501, min_slice_users=500
    )


def test_a_guardrail_can_be_taken_away():
    assert GateConfig(max_size_ratio=None).max_size_ratio is None


def test_unknown_settings_name_the_nearest():
    assert "Did you mean `slice_margin`?" in refused(slice_margins=0.1)


def test_it_is_frozen():
    with pytest.raises(ValidationError):
        GateConfig().confidence = 0.9
