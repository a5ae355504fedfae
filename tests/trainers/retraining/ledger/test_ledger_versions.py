"""Versions: each shard is learned once, and a crash before the commit changes nothing."""

import pytest
from support.ledgers import run, shard, version

from configs.errors import ArtifactError
from trainers.retraining.ledger import gates, runs, shards, versions

ONE, TWO, THREE = (shard(number).sha256 for number in (1, 2, 3))


@pytest.fixture
def begun(ledger):
    """Three shards, and the run `r1`."""
    for number in (3, 1, 2):
        shards.add(ledger, shard(number))
    runs.begin(ledger, run(1))
    return ledger


def test_shards_come_in_order_of_sequence(begun):
    assert shards.all_shards(begun) == [shard(1), shard(2), shard(3)]
    assert shards.known(begun) == {ONE, TWO, THREE}


def test_the_watermark_is_the_last_event_of_all_shards(ledger):
    assert shards.watermark(ledger) is None
    shards.add(ledger, shard(1, last_us=9_000_000))
    shards.add(ledger, shard(2, last_us=4_000_000))
    shards.add(ledger, shard(3, first_us=None, last_us=None))
    assert shards.watermark(ledger) == 9_000_000


def test_the_last_sequence_is_0_before_the_first_shard(ledger):
    assert shards.last_sequence(ledger) == 0
    shards.add(ledger, shard(7))
    assert shards.last_sequence(ledger) == 7


def test_a_committed_version_ends_its_run_and_takes_its_shards(begun):
    versions.commit(begun, version(1), (ONE, THREE))
    assert versions.latest(begun) == versions.get(begun, 1) == version(1)
    assert versions.consumed_by(begun, 1) == (ONE, THREE)
    assert shards.pending(begun) == [shard(2)]
    assert runs.get(begun, "r1").state == "published"
    assert runs.get(begun, "r1").ended == version(1).published


def test_there_is_no_latest_version_before_the_first(ledger):
    assert versions.latest(ledger) is None


def test_a_commit_may_be_repeated(begun):
    versions.commit(begun, version(1), (ONE,))
    versions.commit(begun, version(1, published="2026-01-03T00:00:00+00:00"), (ONE,))
    assert versions.latest(begun) == version(1)
    assert versions.consumed_by(begun, 1) == (ONE,)


@pytest.mark.parametrize(
    ("changes", "consumed"),
    [({"number": 2}, (ONE,)), ({"bundle_sha256": "c" * 64}, (ONE,)), ({}, (ONE, TWO))],
)
def test_a_run_publishes_once(begun, changes, consumed):
    versions.commit(begun, version(1), (ONE,))
    with pytest.raises(ArtifactError, match="`r1` has published version 1 with other values"):
        versions.commit(begun, version(1, **changes), consumed)


def test_a_shard_is_learned_once_and_a_refused_commit_leaves_nothing(begun):
    versions.commit(begun, version(1), (ONE,))
    runs.begin(begun, run(2))
    with pytest.raises(ArtifactError, match="was learned by version 1"):
        versions.commit(begun, version(2), (TWO, ONE))
    assert versions.latest(begun) == version(1)
    assert shards.pending(begun) == [shard(2), shard(3)]
    assert runs.get(begun, "r2").state == "running"


def test_a_number_belongs_to_one_run(begun):
    versions.commit(begun, version(1), ())
    runs.begin(begun, run(2))
    with pytest.raises(ArtifactError, match="version 1 is that of the run `r1`"):
        versions.commit(begun, version(1, run_id="r2"), ())


@pytest.mark.parametrize(
    ("made", "consumed", "words"),
    [
        (version(1), ("f" * 64,), "no shard"),
        (version(1, run_id="r9"), (), "no run `r9`"),
    ],
)
def test_what_the_ledger_does_not_have_cannot_be_committed(begun, made, consumed, words):
    with pytest.raises(ArtifactError, match=words):
        versions.commit(begun, made, consumed)


def test_an_unknown_version_is_an_error(ledger):
    with pytest.raises(ArtifactError, match="no version 8"):
        versions.get(ledger, 8)


def test_the_last_verdict_on_a_run_counts(begun):
    gates.add(begun, "r1", False, {"recall@50": {"delta": -0.02}})
    gates.add(begun, "r1", True, {"recall@50": {"delta": 0.01}})
    assert gates.get(begun, "r1") == gates.Gate("r1", True, {"recall@50": {"delta": 0.01}})


def test_a_run_without_a_verdict_is_an_error(begun):
    with pytest.raises(ArtifactError, match="no verdict on a run `r1`"):
        gates.get(begun, "r1")
