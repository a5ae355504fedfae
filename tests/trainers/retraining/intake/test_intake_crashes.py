"""A process may die at any step: the next run finishes its work, and each event is there once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.intake import NOW, START, events

from configs.errors import ArtifactError, DataError
from tfrs_models import durable
from trainers.retraining.intake import recover
from trainers.retraining.intake.take_in import Taken
from trainers.retraining.ledger import runs, shards
from trainers.retraining.ledger.database import open_ledger
from trainers.retraining.ledger.rebuild import rebuild

HOUR = 3600
ROWS = events(60)
BROKEN = ("", "i", 0, "view", "1")
STEPS = 12
"""Two files give three each: rows put aside, accepted rows, a record; each and its folder."""


class Killed(BaseException):
    """The process dies."""


@pytest.fixture
def filled(shop):
    """Two files with a broken row each."""
    shop.put("a.csv", [*ROWS[:30], BROKEN])
    shop.put("b.csv", [*ROWS[30:], BROKEN])
    return shop


def die_at(monkeypatch, module, name, step):
    """Let call number `step` of a function fail after its work, and those before it pass."""
    calls = iter(range(1, 1000))
    function = getattr(module, name)

    def dying(*args):
        function(*args)
        if next(calls) == step:
            raise Killed

    monkeypatch.setattr(module, name, dying)


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_a_crash_at_any_flush_is_made_good(filled, monkeypatch, step):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        die_at(patch, durable, "_flush", step)
        filled.take()
    filled.take(now=NOW + HOUR)
    assert filled.accepted() == ROWS
    assert [s.name for s in shards.all_shards(filled.ledger)] == ["a.csv", "b.csv"]
    assert len(filled.names()) == 6
    assert len(runs.get(filled.ledger, "r1").shards) == 2


def test_no_flush_is_left_out(filled, monkeypatch):
    die_at(monkeypatch, durable, "_flush", STEPS + 1)
    filled.take()


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("name", ["add", "all_shards"])
def test_a_crash_beside_the_ledger_is_made_good(filled, monkeypatch, name, step):
    with monkeypatch.context() as patch, pytest.raises((Killed, TypeError)):
        die_at(patch, shards, name, step)
        filled.take()
    filled.take()
    assert filled.accepted() == ROWS


def test_a_shard_that_a_crash_left_complete_comes_first(filled, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        die_at(patch, recover.shards, "add", 1)
        filled.take()
    assert shards.all_shards(filled.ledger) == []
    assert [s.name for s in filled.take().shards] == ["a.csv", "b.csv"]


KILLED = """
import os, sys
from pathlib import Path
from support.intake import Shop
from tfrs_models import durable
from trainers.retraining.ledger.database import open_ledger

folder, step = Path(sys.argv[1]), int(sys.argv[2])
flush, calls = durable._flush, iter(range(1, 100))

def dying(path):
    flush(path)
    if next(calls) == step:
        os._exit(9)

durable._flush = dying
Shop(folder, open_ledger(folder / "state.db")).take()
"""


@pytest.mark.parametrize("step", [3, 8])
def test_what_a_killed_process_left_half_written_is_removed(filled, step):
    # Step 3 dies before rows are renamed, step 8 between rows put aside and rows accepted.
    path = os.pathsep.join(str(Path(__file__).parents[n]) for n in (3, 4))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(filled.folder), str(step)],
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    assert done.returncode == 9
    filled.take()
    assert filled.accepted() == ROWS
    assert len(filled.names()) == 6
    assert not list(filled.log.rglob(".unfinished-*"))


def test_a_log_with_more_than_the_ledger_knows_is_refused_and_kept(filled):
    filled.take()
    before = filled.names()
    filled.ledger.close()
    (filled.folder / "state.db").unlink()
    filled.ledger = open_ledger(filled.folder / "state.db")
    with pytest.raises(ArtifactError, match=r"2 shards.*tfrs doctor --rebuild"):
        filled.take()
    assert filled.names() == before


def test_a_ledger_that_lost_its_last_shards_is_refused(filled):
    filled.take()
    filled.put("c.csv", [("u", "x", 600 * 61, "view", "1")])
    filled.take()
    filled.ledger.execute("DELETE FROM run_shards")
    filled.ledger.execute("DELETE FROM shards WHERE sequence > 1")
    with pytest.raises(ArtifactError, match="older than the log"):
        filled.take()


def test_a_log_that_lost_rows_is_refused(filled):
    first, _ = filled.take().shards
    (filled.log / f"{first.stem}.parquet").unlink()
    with pytest.raises(ArtifactError, match=r"accepted rows of a\.csv: put it back"):
        filled.take()


def test_a_clock_an_hour_back_refuses_what_it_takes_for_the_future_and_loses_nothing(shop):
    now = START + 10 * HOUR
    shop.put("a.csv", [("u", f"i{n}", 9 * HOUR + n, "view", "1") for n in range(50)])
    shop.take(now=now)
    shop.put("b.csv", [("u", f"j{n}", 10 * HOUR - n - 1, "view", "1") for n in range(50)])
    with pytest.raises(DataError, match=r"timestamp in the future \(50\)"):
        shop.take(now=now - HOUR)
    assert shop.take(now=now + 60).shards[0].accepted == 50


def test_a_clock_a_day_ahead_moves_no_watermark(shop):
    now = START + 10 * HOUR
    shop.put("a.csv", [("u", "i", 10 * HOUR, "view", "1")])
    assert shop.take(now=now + 24 * HOUR).watermark_us == now * 1_000_000
    shop.put("b.csv", [("u", "j", 10 * HOUR + 60, "view", "1")])
    (shard,) = shop.take(now=now + 120).shards
    assert (shard.accepted, shard.late) == (1, 0)


def test_a_rebuilt_ledger_goes_on_where_the_lost_one_was(filled):
    before = filled.take()
    filled.ledger.close()
    path = filled.folder / "state.db"
    path.write_bytes(b"lost" * 4096)
    assert rebuild(path, filled.log, []) == []
    filled.ledger = open_ledger(path)
    assert shards.all_shards(filled.ledger) == list(before.shards)
    assert filled.take() == Taken((), before.watermark_us)
