"""Facts of two real sets, when the environment says where their files are.

`TFRS_ONLINE_RETAIL` is the file of UCI Online Retail, `TFRS_MOVIELENS_100K` a folder with `u.data`,
`u.item` and `u.user` or with RecBole's `ml-100k.inter`, `.item` and `.user`.
"""

import json
import os
from pathlib import Path

import pytest

from configs.load import load_config
from tfrs_models.data.prepare import prepare

RETAIL = os.environ.get("TFRS_ONLINE_RETAIL")
MOVIELENS = os.environ.get("TFRS_MOVIELENS_100K")


@pytest.mark.slow
@pytest.mark.skipif(RETAIL is None, reason="TFRS_ONLINE_RETAIL is not set")
def test_every_line_of_online_retail_is_accounted_for(tmp_path):
    config = load_config("online_retail", [f"data.files.events={RETAIL}"])
    dataset = prepare(config.data, 42, tmp_path)
    report = json.loads((dataset.folder / "report.json").read_text())["tables"]["events"]
    assert report["filtered"]["user_id not_null"] == 135_080
    assert report["filtered"]["request_id not_matches ^C"] == 8_905
    lines = sum(report["filtered"].values()) + report["duplicates"] + report["valid"]
    assert (lines, report["quarantined"]) == (541_909, {})
    assert dataset.manifest["split"]["cuts"]["test_start"].startswith("2011-11-09")


@pytest.mark.slow
@pytest.mark.skipif(MOVIELENS is None, reason="TFRS_MOVIELENS_100K is not set")
def test_movielens_100k_has_all_its_ratings(tmp_path):
    folder = Path(str(MOVIELENS))
    names = {"events": "u.data", "items": "u.item", "users": "u.user"}
    if not (folder / "u.data").exists():
        names = {"events": "ml-100k.inter", "items": "ml-100k.item", "users": "ml-100k.user"}
    changes = [f"data.files.{table}={folder / name}" for table, name in names.items()]
    dataset = prepare(load_config("movielens_100k", changes).data, 42, tmp_path)
    assert len(dataset.events) == 100_000
    assert (dataset.num_users - 2, dataset.num_items - 2) == (943, 1_682)
