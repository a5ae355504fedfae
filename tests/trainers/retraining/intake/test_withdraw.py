"""A shard that should not have come is read no more, and a mended file takes its place."""

from contextlib import closing

import pytest
from support.intake import START, events
from support.ledgers import run, version

from configs.errors import ArtifactError
from trainers.folders import write_json
from trainers.retraining.intake.withdraw import find_shard, withdraw
from trainers.retraining.ledger import runs, shards, versions, withdrawals
from trainers.retraining.ledger.database import open_ledger
from trainers.retraining.ledger.rebuild import rebuild
from trainers.retraining.ledger.withdrawals import Withdrawal
from trainers.retraining.state import LOG

WHEN = "2026-01-01T00:00:00+00:00"


@pytest.fixture
def taken(shop):
    """Two files of ten events, 100 minutes each; the run that took them in is over."""
    shop.put("a.csv", events(20)[:10])
    shop.put("b.csv", events(20)[10:])
    shop.take()
    runs.finish(shop.ledger, "r1", "failed", 65, "drift", WHEN)
    return shop


def take_back(shop, asked):
    found = find_shard(shop.ledger, asked)
    withdraw(shop.folder, shop.ledger, found, "turned labels", WHEN)
    return found


def test_it_is_pending_no_more_and_the_watermark_goes_back(taken):
    take_back(taken, "b.csv")
    assert [one.name for one in shards.pending(taken.ledger)] == ["a.csv"]
    # The tenth event lies 9 * 600 s after the start.
    assert shards.watermark(taken.ledger) == (START + 9 * 600) * 1_000_000


def test_the_same_file_does_not_come_again(taken):
    take_back(taken, "2")
    runs.begin(taken.ledger, run(2))
    assert taken.take().shards == ()


def test_a_mended_file_of_the_same_events_is_accepted_whole(taken):
    take_back(taken, "b.csv")
    runs.begin(taken.ledger, run(2))
    mended = [(*row[:4], "9") if row[2] == 6_000 else row for row in events(20)[10:]]
    taken.put("b.csv", mended)
    (shard,) = taken.take().shards
    assert (shard.sequence, shard.name, shard.accepted, shard.duplicates) == (3, "b.csv", 10, 0)
    assert find_shard(taken.ledger, "b.csv") == shard


def test_its_rows_stay_where_they_are(taken):
    names = taken.names()
    shard = take_back(taken, "b.csv")
    assert sorted(taken.names()) == sorted([*names, f"{shard.stem}.json"])
    assert (taken.log / "withdrawn" / f"{shard.stem}.json").is_file()


def test_a_rebuilt_ledger_has_it_too(taken, tmp_path):
    shard = take_back(taken, "b.csv")
    assert rebuild(tmp_path / "new.db", taken.folder / LOG, []) == []
    with closing(open_ledger(tmp_path / "new.db")) as made:
        noted = [Withdrawal(shard.sha256, 0, "turned labels", WHEN)]
        assert withdrawals.all_withdrawals(made) == noted
        assert [one.name for one in shards.pending(made)] == ["a.csv"]


def test_what_a_version_has_learned_is_known_until_one_begins_anew(taken):
    learned = tuple(one.sha256 for one in shards.pending(taken.ledger))
    runs.begin(taken.ledger, run(2))
    versions.commit(taken.ledger, version(1, run_id="r2", policy="full"), learned)
    shard = take_back(taken, "b.csv")
    assert [one.sha256 for one in withdrawals.learned_since(taken.ledger, 1)] == [shard.sha256]
    assert withdrawals.learned_since(taken.ledger, 2) == []


def test_what_was_not_learned_needs_no_new_beginning(taken):
    take_back(taken, "b.csv")
    assert withdrawals.learned_since(taken.ledger, 0) == []


def test_a_killed_run_is_over_for_it_has_read_the_shard(taken):
    runs.begin(taken.ledger, run(2))
    take_back(taken, "b.csv")
    found = runs.get(taken.ledger, "r2")
    assert (found.state, found.reason) == ("interrupted", "the shard 2 was withdrawn")


def test_a_run_that_may_have_published_must_end_first(taken):
    runs.begin(taken.ledger, run(2))
    folder = taken.folder / "runs" / "r2" / "gate"
    folder.mkdir(parents=True)
    write_json(folder / "done.json", {})
    with pytest.raises(ArtifactError, match="was killed while it published: run `tfrs retrain`"):
        take_back(taken, "b.csv")
    assert len(shards.pending(taken.ledger)) == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [("c.csv", "`c.csv` is no shard of this log"), ("9", "`9` is no shard of this log")],
)
def test_an_unknown_shard_is_refused(taken, asked, said):
    with pytest.raises(ArtifactError, match=said):
        find_shard(taken.ledger, asked)


def test_of_two_files_of_one_name_the_number_says_which(taken):
    runs.begin(taken.ledger, run(2))
    taken.put("b.csv", events(25)[20:])
    taken.take()
    with pytest.raises(ArtifactError, match=r"is the name of the shards 2, 3: give the number"):
        find_shard(taken.ledger, "b.csv")
    assert find_shard(taken.ledger, "3").accepted == 5
