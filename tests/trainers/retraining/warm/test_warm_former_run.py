"""Which settings a model can go on with, and which make its weights mean something else."""

from pathlib import Path
from typing import Any

import pytest
from support.shop_log import shop_config

from configs.load import changed
from configs.run import RunConfig
from trainers.retraining.warm.former_run import same_model


@pytest.fixture
def config() -> RunConfig:
    return shop_config(Path("shop"), Path("shop/*.parquet"))


def test_the_same_settings_are_the_same_model(config: RunConfig) -> None:
    assert same_model(config, changed(config, {}))


@pytest.mark.parametrize(
    "settings",
    [
        {"seed": 7},
        {"features": {"history": {"max_length": 20}}},
        {"retrieval": {"temperature": 0.3}},
        {"ranking": {"hidden_units": [16]}},
        {"evaluation": {"exclude_seen": False}},
        {"data": {"events": {"weights": {"impression": 0, "view": 0}}}},
        {"data": {"events": {"default_weight": 2}}},
        {"data": {"events": {"min_value": 3}}},
        {"data": {"events": {"feedback": "explicit"}}},
        {"data": {"events": {"deduplicate": "none"}}},
        {"data": {"files": {"item_table": {"columns": {"category": "department"}}}}},
        {"data": {"files": {"user_table": {"columns": {"country": "land"}}}}},
    ],
    ids=lambda settings: str(settings),
)
def test_what_decides_the_meaning_of_weights_makes_another_model(
    config: RunConfig, settings: dict[str, Any]
) -> None:
    assert not same_model(config, changed(config, settings))


@pytest.mark.parametrize(
    "settings",
    [
        {"data": {"files": {"events": "elsewhere/*.parquet", "items": "elsewhere/items.csv"}}},
        {"data": {"split": {"options": {"test_days": 1}}}},
        {"data": {"min_item_events": 5}},
        {"evaluation": {"ks": [5], "max_users": 10}},
        {"reranking": {"steps": [{"type": "mmr"}]}},
        {"retraining": {"warm": {"replay_share": 0}}},
    ],
    ids=lambda settings: str(settings),
)
def test_where_data_lie_and_how_models_are_measured_does_not(
    config: RunConfig, settings: dict[str, Any]
) -> None:
    assert same_model(config, changed(config, settings))
