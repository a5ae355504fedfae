"""Runs: one at a time, and what became of each."""

import pytest
from support.ledgers import run, shard, version

from configs.errors import ArtifactError
from trainers.retraining.ledger import runs, shards, versions

END = "2026-01-01T01:00:00+00:00"


def end(ledger, number, state):
    runs.begin(ledger, run(number))
    if state == "published":
        versions.commit(ledger, version(number, published=END), ())
    runs.finish(ledger, f"r{number}", state, 0, "because", END)


def test_a_run_comes_back_as_it_was_begun(ledger):
    shards.add(ledger, shard(1))
    begun = run(1, shards=(shard(1).sha256,), parent=4)
    runs.begin(ledger, begun)
    assert runs.get(ledger, "r1") == begun


def test_a_run_that_has_not_ended_is_found(ledger):
    runs.begin(ledger, run(1))
    assert runs.unfinished(ledger) == run(1)


def test_a_run_that_has_ended_says_how(ledger):
    runs.begin(ledger, run(1))
    runs.finish(ledger, "r1", "rejected", 10, "worse by 3%", END)
    assert runs.unfinished(ledger) is None
    assert runs.get(ledger, "r1") == run(
        1, state="rejected", exit_code=10, reason="worse by 3%", ended=END
    )


def test_the_plan_of_a_run_is_noted_with_what_let_it_begin_once(ledger):
    runs.begin(ledger, run(1))
    for _ in range(2):
        runs.note_plan(ledger, "r1", "drift", "full", None)
    found = runs.get(ledger, "r1")
    assert (found.trigger, found.policy, found.parent) == ("cron: drift", "full", None)


def test_a_second_run_at_a_time_is_refused(ledger):
    runs.begin(ledger, run(1))
    with pytest.raises(ArtifactError, match=r"`r1` of 2026.* has not ended"):
        runs.begin(ledger, run(2))


def test_a_second_run_of_an_id_is_refused(ledger):
    end(ledger, 1, "failed")
    with pytest.raises(ArtifactError, match="a run `r1` already"):
        runs.begin(ledger, run(1))


def test_the_latest_come_in_the_order_of_beginning_whatever_the_clock_says(ledger):
    for number, year in ((1, 2027), (2, 2025), (3, 2026)):
        ended = run(number, state="failed", started=f"{year}-01-01T00:00:00+00:00")
        runs.begin(ledger, ended)
    assert [one.id for one in runs.latest(ledger, 2)] == ["r3", "r2"]


def test_shards_are_added_to_a_run_once_and_in_order(ledger):
    for number in (1, 2, 3):
        shards.add(ledger, shard(number))
    one, two, three = (shard(number).sha256 for number in (1, 2, 3))
    runs.begin(ledger, run(1, shards=(three,)))
    runs.add_shards(ledger, "r1", (one, three, two))
    assert runs.get(ledger, "r1").shards == (three, one, two)


def test_an_unknown_run_is_an_error(ledger):
    for ask in (
        lambda: runs.get(ledger, "r9"),
        lambda: runs.finish(ledger, "r9", "failed", 70, "", END),
        lambda: runs.add_shards(ledger, "r9", ()),
    ):
        with pytest.raises(ArtifactError, match="no run `r9`"):
            ask()


def test_a_run_without_a_version_cannot_end_as_published(ledger):
    runs.begin(ledger, run(1))
    with pytest.raises(ArtifactError, match="no version"):
        runs.finish(ledger, "r1", "published", 0, "", END)


def test_a_run_with_a_version_cannot_end_as_failed(ledger):
    end(ledger, 1, "published")
    with pytest.raises(ArtifactError, match="has published version 1"):
        runs.finish(ledger, "r1", "failed", 70, "", END)


def test_the_last_success_is_the_end_of_the_last_published_run(ledger):
    assert runs.last_success(ledger) is None
    end(ledger, 1, "published")
    end(ledger, 2, "rejected")
    assert runs.last_success(ledger) == END


def test_rejects_count_from_the_last_published_run_on(ledger):
    states = ["rejected", "published", "rejected", "nothing_new", "failed", "rejected"]
    for number, state in enumerate(states, start=1):
        end(ledger, number, state)
    # The first stands before the published one; the two runs without a verdict do not count.
    assert runs.rejects_in_a_row(ledger) == 2
