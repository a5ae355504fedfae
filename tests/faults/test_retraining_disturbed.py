"""Retraining that is interrupted, that meets a damaged ledger, a wrong clock, or a bad index."""

import os
import signal
import time

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from support.hooks import shell
from support.retraining_processes import NAME, Retraining, assert_second_version_is_whole
from support.training import assert_same_numbers

from configs.errors import ArtifactError, DataError
from trainers.retraining.end import NOTHING_NEW, PUBLISHED, REJECTED
from trainers.retraining.ledger import shards, versions
from trainers.retraining.work import Clock

INTERRUPTED = 75
SLOWEST_END_SECONDS = 30
HOUR, DAY = 3_600, 86_400


@pytest.mark.slow
def test_sigterm_ends_the_training_soon_and_the_same_command_goes_on(
    copied: Retraining, restored: Retraining
) -> None:
    assert restored.run().code == PUBLISHED
    copied.shop.bring(24, 27)
    process = copied.start()
    while len(list(copied.state.glob("runs/*/ranking/model/latest/checkpoint"))) < 2:
        time.sleep(0.01)
    os.kill(process, signal.SIGTERM)
    start = time.monotonic()
    ended = copied.host.wait(process)
    assert time.monotonic() - start < SLOWEST_END_SECONDS
    assert (ended.code, copied.last_run().state) == (INTERRUPTED, "running"), ended.output
    assert "run the same command again" in ended.output
    again = copied.run()
    assert again.code == PUBLISHED, again.output
    assert "Going on with the run" in again.output
    assert_second_version_is_whole(copied)
    assert_same_numbers(copied.learned(), restored.learned())


@pytest.mark.slow
def test_an_index_whose_build_aborts_ends_the_run_and_the_served_version_stays(
    copied: Retraining,
) -> None:
    copied.shop.bring(24, 27)
    ended = copied.run(export={"index": {"type": "support.aborting_index"}})
    assert ended.code == ArtifactError.exit_code
    assert "Check failed: cluster_idx < num_clusters" in ended.output
    assert (copied.last_run().state, copied.stable) == ("failed", 1)
    with copied.ledger() as ledger:
        assert [shard.name for shard in shards.pending(ledger)] == ["24-27.parquet"]


@pytest.mark.slow
@pytest.mark.parametrize("damage", [b"", b"SQLite format 3\0"])
def test_a_damaged_ledger_is_refused_until_it_is_made_again(
    damage: bytes, restored: Retraining
) -> None:
    assert restored.run().code == PUBLISHED
    path = restored.state / "ledger.db"
    path.write_bytes(damage + bytes(range(256)) * 64)
    refused = restored.run()
    assert refused.code == ArtifactError.exit_code
    assert "tfrs doctor --rebuild" in refused.output
    place = restored.shop.artifacts
    made = restored.host.run("doctor", NAME, "--artifacts", place, "--rebuild", root=place)
    assert made.code == 0, made.output
    again = restored.run()
    assert again.code == NOTHING_NEW, again.output
    assert_second_version_is_whole(restored)


@pytest.mark.slow
def test_a_clock_that_jumps_changes_neither_versions_nor_watermark(restored: Retraining) -> None:
    shop, config = restored.shop, restored.shop.config()
    back, forward = (clock_moved_by(seconds) for seconds in (-HOUR, DAY))
    assert shop.retrain(config, clock=back).exit_code == PUBLISHED
    known = watermark(restored)
    assert shop.retrain(config, clock=forward).exit_code == NOTHING_NEW
    assert shop.retrain(config, clock=back).exit_code == NOTHING_NEW
    assert watermark(restored) == known
    shop.bring(27, 30)
    refusing = shop.config(hooks=[shell("exit 10", "pre_train", may_veto=True).model_dump()])
    assert shop.retrain(refusing, clock=back).exit_code == REJECTED
    newest = pc.max(pq.read_table(shop.folder / "all" / "events.parquet")["timestamp"])
    assert watermark(restored) == newest.cast("int64").as_py()
    with restored.ledger() as ledger:
        assert [shard.name for shard in shards.pending(ledger)] == ["27-30.parquet"]
        latest = versions.latest(ledger)
    assert latest is not None
    assert latest.number == 2


@pytest.mark.slow
def test_a_clock_a_day_behind_the_events_refuses_them_until_it_is_right(
    copied: Retraining,
) -> None:
    path = copied.shop.bring(24, 27)
    newest = pc.max(pq.read_table(path)["timestamp"]).cast("int64").as_py() / 1_000_000
    known = watermark(copied)
    with pytest.raises(DataError, match=r"24-27\.parquet is not taken in.*in the future"):
        copied.shop.retrain(clock=lambda: newest - DAY)
    assert (copied.last_run().state, copied.stable, watermark(copied)) == ("failed", 1, known)
    refusing = copied.shop.config(hooks=[shell("exit 10", "pre_train", may_veto=True).model_dump()])
    assert copied.shop.retrain(refusing, clock=lambda: newest + 1).exit_code == REJECTED
    with copied.ledger() as ledger:
        [shard] = shards.pending(ledger)
    assert (shard.accepted, shard.quarantined) == (shard.rows - shard.duplicates, 0)


def clock_moved_by(seconds: float) -> Clock:
    return lambda: time.time() + seconds


def watermark(retraining: Retraining) -> int | None:
    with retraining.ledger() as ledger:
        return shards.watermark(ledger)
