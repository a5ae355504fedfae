"""What a report says of the run itself."""

import datetime
from types import SimpleNamespace

import numpy as np
import pytest
from support.publishing import make_bundle
from support.tastes import tastes
from support.training import tiny_config

from exports.contest import Contest, Measured
from exports.manifest import read_manifest, write_manifest
from tfrs_models.data.dataset import TEST
from tfrs_models.evaluation.queries import build_queries
from trainers.folders import stage
from trainers.report.about import about

NOON = datetime.datetime(2026, 5, 4, 12, 30, 59, tzinfo=datetime.UTC)


@pytest.fixture
def found(tmp_path):
    config, dataset = tiny_config(), tastes(tmp_path / "dataset")
    queries = build_queries(dataset, TEST, config.evaluation, config.seed)
    stage(tmp_path / "run" / "retrieval", lambda: {"seconds": 1.5})
    material = SimpleNamespace(config=config, dataset=dataset)
    return about(material, queries, tmp_path / "run", NOON), dataset, queries


def test_counts_leave_out_the_rows_that_are_nobody(found):
    facts, dataset, queries = found[0].facts, found[1], found[2]
    assert facts["users"] == f"{dataset.num_users - 2:,}"
    assert facts["items"] == f"{dataset.num_items - 2:,}"
    assert facts["test users"] == str(len(queries))


def test_days_are_those_of_the_first_and_the_last_event(found):
    days = found[1].events.time.astype("datetime64[us]").astype("datetime64[D]")
    assert found[0].facts["data"] == f"{np.min(days)} to {np.max(days)}"


def test_the_moment_is_given_to_the_minute(found):
    assert found[0].facts["measured"] == "2026-05-04 12:30 UTC"


def test_only_stages_that_are_done_have_a_record(found):
    assert found[0].records == {"retrieval": {"seconds": 1.5}}


def test_before_the_export_there_are_no_indexes(found):
    assert found[0].contest is None


def test_the_indexes_are_those_of_the_bundle(found, tmp_path):
    bundle = make_bundle(tmp_path / "run" / "bundle", "x")
    contest = Contest((Measured("exact", {}, 1.0, 2.0, 3.0, 0.5, 640),), 0)
    write_manifest(read_manifest(bundle).model_copy(update={"index_contest": contest}), bundle)
    material = SimpleNamespace(config=tiny_config(), dataset=found[1])
    assert about(material, found[2], tmp_path / "run", NOON).contest == contest
