"""Whether the ledger adds up. Its constraints see to it; a hand or a bad disk may have not."""

import sqlite3

_CHECKS = (
    (
        "SELECT name, sequence, rows, accepted + duplicates + late + quarantined FROM shards "
        "WHERE rows <> accepted + duplicates + late + quarantined",
        "shard {1} ({0}) has {2} rows, but {3} were accepted, duplicates, late or quarantined",
    ),
    (
        "SELECT version, sha256 FROM consumptions WHERE sha256 NOT IN (SELECT sha256 FROM shards)",
        "version {0} has learned the shard {1}, which the ledger does not have",
    ),
    (
        "SELECT sha256, count(*) FROM consumptions GROUP BY sha256 HAVING count(*) > 1",
        "the shard {0} was learned {1} times",
    ),
    (
        "SELECT sha256, version FROM consumptions "
        "WHERE version NOT IN (SELECT number FROM versions)",
        "the shard {0} was learned by version {1}, which the ledger does not have",
    ),
    (
        "SELECT number, parent FROM versions "
        "WHERE parent IS NOT NULL AND parent NOT IN (SELECT number FROM versions)",
        "version {0} was trained from version {1}, which the ledger does not have",
    ),
    (
        "SELECT id FROM runs WHERE state = 'published' AND id NOT IN (SELECT run_id FROM versions)",
        "the run `{0}` is published and has no version",
    ),
    (
        "SELECT number, run_id FROM versions "
        "WHERE run_id NOT IN (SELECT id FROM runs WHERE state = 'published')",
        "version {0} belongs to the run `{1}`, which is not a published one",
    ),
)
"""A query for what should not be there, and the sentence about one of its rows."""


def check_balance(connection: sqlite3.Connection) -> list[str]:
    """Say what does not add up; an empty list means that all does."""
    return [
        sentence.format(*row) for query, sentence in _CHECKS for row in connection.execute(query)
    ]
