"""What a hand or a bad disk can do to a ledger is said in sentences."""

import pytest
from support.ledgers import run, shard, version

from trainers.retraining.ledger import runs, shards, versions
from trainers.retraining.ledger.balance import check_balance

ONE = shard(1).sha256


@pytest.fixture
def full(ledger):
    """One shard, learned by version 1 of run `r1`, without what guards them."""
    shards.add(ledger, shard(1))
    runs.begin(ledger, run(1))
    versions.commit(ledger, version(1), (ONE,))
    ledger.execute("PRAGMA foreign_keys = OFF")
    ledger.execute("PRAGMA ignore_check_constraints = ON")
    return ledger


def test_a_sound_ledger_adds_up(full):
    assert check_balance(full) == []


@pytest.mark.parametrize(
    ("damage", "sentences"),
    [
        (
            "UPDATE shards SET late = 3",  # 7 + 1 + 3 + 1
            [
                "shard 1 (events-1.csv) has 10 rows, but 12 were accepted, duplicates, late or "
                "quarantined"
            ],
        ),
        (
            "DELETE FROM shards",
            [f"version 1 has learned the shard {ONE}, which the ledger does not have"],
        ),
        (
            "DELETE FROM versions",
            [
                f"the shard {ONE} was learned by version 1, which the ledger does not have",
                "the run `r1` is published and has no version",
            ],
        ),
        (
            "UPDATE versions SET parent = 5",
            ["version 1 was trained from version 5, which the ledger does not have"],
        ),
        (
            "UPDATE runs SET state = 'failed'",
            ["version 1 belongs to the run `r1`, which is not a published one"],
        ),
    ],
)
def test_each_fault_is_named(full, damage, sentences):
    full.execute(damage)
    assert check_balance(full) == sentences


def test_a_shard_that_was_learned_twice_is_named(full):
    full.executescript(
        "ALTER TABLE consumptions RENAME TO guarded;"
        "CREATE TABLE consumptions AS SELECT * FROM guarded UNION ALL SELECT * FROM guarded;"
    )
    assert check_balance(full) == [f"the shard {ONE} was learned 2 times"]
