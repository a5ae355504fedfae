"""A lost ledger is made again from the records beside the data."""

import json
from contextlib import closing

import pytest
from support.ledgers import run, shard, version

from configs.errors import ArtifactError
from trainers.retraining.gate.record import GateRecord
from trainers.retraining.ledger import gates, records, runs, shards, versions
from trainers.retraining.ledger.database import open_ledger
from trainers.retraining.ledger.rebuild import read_version_record, rebuild, write_version_record
from trainers.retraining.ledger.records import ShardRecord

ONE, TWO, THREE = (shard(number).sha256 for number in (1, 2, 3))
LEARNED = {1: (ONE,), 2: (TWO,)}


@pytest.fixture
def folders(tmp_path):
    """The folders of two runs that published."""
    found = [tmp_path / "runs" / str(number) for number in LEARNED]
    for folder, (number, consumed) in zip(found, LEARNED.items(), strict=True):
        folder.mkdir(parents=True)
        write_version_record(folder, version(number), consumed, None)
    return found


@pytest.fixture
def log(tmp_path):
    """Three shards."""
    log = tmp_path / "log"
    log.mkdir()
    for number in (1, 2, 3):
        records.write(log / f"{shard(number).stem}.json", ShardRecord(shard(number)))
    return log


def contents(path):
    with closing(open_ledger(path)) as ledger:
        learned = [(one, versions.consumed_by(ledger, one.number)) for one in _versions(ledger)]
        return shards.all_shards(ledger), learned, shards.pending(ledger)


def _versions(ledger):
    latest = versions.latest(ledger)
    return [versions.get(ledger, n) for n in range(1, latest.number + 1)] if latest else []


def test_a_record_comes_back_as_it_was_written(folders):
    assert read_version_record(folders[0]) == records.VersionRecord(version(1), (ONE,))


def test_a_rebuilt_ledger_equals_the_lost_one(path, log, folders):
    with closing(open_ledger(path)) as ledger:
        for number in (1, 2, 3):
            shards.add(ledger, shard(number))
        for number, consumed in LEARNED.items():
            runs.begin(ledger, run(number))
            versions.commit(ledger, version(number), consumed)
    before = contents(path)
    path.write_bytes(b"damage" * 1000)
    assert rebuild(path, log, reversed([read_version_record(f) for f in folders])) == []
    assert contents(path) == before


def test_the_runs_of_a_rebuilt_ledger_say_where_they_come_from(path, log, folders):
    rebuild(path, log, map(read_version_record, folders))
    with closing(open_ledger(path)) as ledger:
        found = runs.get(ledger, "r2")
    assert (found.state, found.trigger, found.shards) == ("published", "unknown", (TWO,))
    assert found.reason == "made again from version.json"


def test_what_the_gate_has_left_of_a_version_outlives_its_ledger(path, log, folders):
    write_version_record(folders[1], version(2), LEARNED[2], GateRecord(1, {"recall@20": 0.25}))
    rebuild(path, log, map(read_version_record, folders))
    with closing(open_ledger(path)) as ledger:
        known, unknown = gates.find(ledger, "r2"), gates.find(ledger, "r1")
    assert known.passed
    assert known.report == {
        "reason": "made again from version.json",
        "checks": [],
        "for_later": {"champion": 1, "means": {"recall@20": 0.25}},
    }
    assert unknown is None


def test_a_record_of_before_knows_no_gate(folders):
    file = folders[0] / "version.json"
    content = json.loads(file.read_text())
    del content["gate"]
    file.write_text(json.dumps(content))
    assert read_version_record(folders[0]) == records.VersionRecord(version(1), (ONE,))


def test_the_broken_files_stay_beside_the_new_one(path, log):
    path.parent.mkdir()
    for n in (1, 2):
        path.write_bytes(b"broken %d" % n)
        path.with_name("state.db-wal").write_bytes(b"wal %d" % n)
        rebuild(path, log, [])
    kept = {p.name: p.read_bytes() for p in path.parent.glob("*.broken-*")}
    assert kept["state.db.broken-1"] == b"broken 1"
    assert kept["state.db.broken-1-wal"] == b"wal 1"
    assert kept["state.db.broken-2"] == b"broken 2"
    assert sorted(p.name for p in path.parent.iterdir() if p.name not in kept) == ["state.db"]


def test_half_a_ledger_of_a_killed_rebuilding_is_not_used(path, log):
    half = path.with_name(".unfinished-state.db")
    with closing(open_ledger(half)) as ledger:
        shards.add(ledger, shard(9))
    rebuild(path, log, [])
    assert contents(path)[0] == [shard(1), shard(2), shard(3)]


def test_a_version_whose_parent_has_no_record_is_told(path, log, folders):
    assert rebuild(path, log, [read_version_record(folders[1])]) == [
        "version 2 was trained from version 1, which the ledger does not have"
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [('{"shard": {}', "damaged"), ('{"shard": {"rows": 1}, "format": 1}', "damaged")],
)
def test_a_damaged_record_stops_and_the_former_ledger_stays(path, log, content, words):
    path.parent.mkdir()
    path.write_bytes(b"broken")
    (log / f"{shard(2).stem}.json").write_text(content)
    with pytest.raises(ArtifactError, match=words):
        rebuild(path, log, [])
    assert [p.name for p in path.parent.iterdir()] == ["state.db"]


def test_a_record_of_another_format_is_refused(path, log):
    records.write(log / f"{shard(1).stem}.json", ShardRecord(shard(1), format=2))
    with pytest.raises(ArtifactError, match="is 2, this program reads 1"):
        rebuild(path, log, [])


def test_two_records_of_one_sequence_are_refused(path, log):
    records.write(log / "000002-copy.json", ShardRecord(shard(2)))
    with pytest.raises(ArtifactError, match="contradict each other at 000002"):
        rebuild(path, log, [])
