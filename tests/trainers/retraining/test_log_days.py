"""Runs that read the last days of the log alone."""

from pathlib import Path
from typing import Any

import pytest
from support.retraining import Shop, open_shop

from configs.run import RunConfig
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.data.load import load_dataset
from trainers.retraining.ledger import runs
from trainers.retraining.state import opened
from trainers.retraining.tidy import dataset_name


def config(shop: Shop, **retraining: Any) -> RunConfig:
    """Retrieval alone; users and items are those of the events."""
    made = shop.config(**retraining).model_dump(mode="json")
    made["ranking"]["enabled"] = False
    made["features"] = {"history": {"max_length": 10}}
    made["data"]["files"] |= {"items": [], "users": []}
    return RunConfig.model_validate(made)


def prepared(shop: Shop, run_id: str) -> PreparedDataset:
    """What a run has read."""
    state = shop.artifacts / "retraining" / "shop"
    name = dataset_name(state / "runs" / run_id)
    assert name is not None
    return load_dataset(state / "datasets" / name)


@pytest.mark.slow
def test_ids_that_are_seen_no_more_keep_their_rows_until_a_training_begins_anew(
    tmp_path: Path,
) -> None:
    shop = open_shop(tmp_path)
    shop.bring(0, 6)
    shop.bring(6, 24)
    first = shop.retrain(config(shop))
    shop.bring(24, 27)
    # Ten days before the last event lie in day 16: the file of the first six days is left out.
    warm = shop.retrain(config(shop, log_days=10, policy="warm"))
    full = shop.retrain(config(shop, log_days=10), full=True)
    assert (first.exit_code, warm.exit_code) == (0, 0)
    read = [prepared(shop, one.run_id) for one in (first, warm, full)]
    before, after, anew = (len(one.events) for one in read)
    assert after == anew < before
    assert read[1].known_users >= read[0].known_users
    assert read[2].known_users < read[1].known_users
    with opened(shop.artifacts, shop.config()) as state:
        assert runs.get(state.ledger, warm.run_id).state == "published"
