"""Hooks that hang, crash, flood or are answered by 500: no run ends otherwise, and none is lost."""

import itertools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.receivers import Reply, receiver
from support.retraining import NOW
from support.retraining_processes import Retraining, assert_second_version_is_whole

from configs.errors import DataError
from trainers.retraining.end import NOTHING_NEW, PUBLISHED
from trainers.retraining.hooks import outbox
from trainers.retraining.work import Clock

DAY = 86_400
CALL_SECONDS = 5
TOLD = ["pre_publish", "on_publish"]
SCRIPTS = {
    "hangs": ("sleep 600", 0.5),
    "crashes": ("kill -KILL $$", 30),
    "floods": ("head -c 1000000000 /dev/zero; exit 1", 30),
}
"""What a hook does, and its time limit in seconds."""
MOST_BYTES = 300_000_000
"""What a run may take beside what it took before: less than a third of what a hook writes."""


@pytest.mark.slow
@pytest.mark.parametrize("fault", SCRIPTS)
def test_a_command_that_fails_is_called_again_by_the_next_run(
    fault: str, restored: Retraining, tmp_path: Path
) -> None:
    script, seconds = SCRIPTS[fault]
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = peak_bytes()
    assert run(restored, "command", command(script) | {"timeout_seconds": seconds}) == PUBLISHED
    assert peak_bytes() - before < MOST_BYTES
    assert_second_version_is_whole(restored)
    assert deliveries(restored) == {"pre_publish": "pending", "on_publish": "pending"}
    told = tmp_path / "told.jsonl"
    mended = command(f"cat >> {told}; echo >> {told}")
    assert run(restored, "command", mended, NOW + DAY) == NOTHING_NEW
    assert [json.loads(line)["kind"] for line in told.read_text().splitlines()] == TOLD
    assert deliveries(restored) == {"pre_publish": "delivered", "on_publish": "delivered"}


@pytest.mark.slow
def test_a_receiver_that_answers_500_is_told_by_the_next_run(restored: Retraining) -> None:
    with receiver([Reply(500)]) as broken:
        assert run(restored, "webhook", post(broken.url)) == PUBLISHED
    assert_second_version_is_whole(restored)
    assert deliveries(restored) == {"pre_publish": "pending", "on_publish": "pending"}
    with receiver([Reply()]) as mended:
        assert run(restored, "webhook", post(mended.url), NOW + DAY) == NOTHING_NEW
    assert [json.loads(request.body)["kind"] for request in mended.requests] == TOLD
    assert broken.requests[0].body == mended.requests[0].body


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["hangs", "crashes"])
def test_a_run_that_fails_ends_so_whatever_its_hook_does(fault: str, copied: Retraining) -> None:
    script, seconds = SCRIPTS[fault]
    (copied.shop.folder / "logs" / "99.parquet").write_bytes(b"PAR1 but no more")
    with pytest.raises(DataError, match=r"99\.parquet is not taken in"):
        run(copied, "command", command(script) | {"timeout_seconds": seconds})
    assert (copied.last_run().state, copied.last_run().exit_code) == ("failed", 65)
    assert deliveries(copied) == {"on_error": "pending"}


def clock_from(start: float) -> Clock:
    """A clock that goes on with each look at it, so that nobody waits a minute for a retry."""
    ticks = itertools.count(start, CALL_SECONDS)
    return lambda: next(ticks)


def run(retraining: Retraining, kind: str, options: Mapping[str, Any], start: float = NOW) -> int:
    """A run with one hook, always of the same name: how it ends."""
    events = [*TOLD, "on_error"]
    hook = {"type": kind, "name": "told", "events": events, "options": options}
    shop = retraining.shop
    return shop.retrain(shop.config(hooks=[hook]), clock=clock_from(start)).exit_code


def command(script: str) -> dict[str, Any]:
    return {"command": ["sh", "-c", script]}


def post(url: str) -> dict[str, Any]:
    return {"url": url, "allow_private": True}


def deliveries(retraining: Retraining) -> dict[str, str]:
    """The state of what the run that did something had to tell, by event."""
    with retraining.ledger() as ledger:
        ids = [row[0] for row in ledger.execute("SELECT DISTINCT run_id FROM hook_deliveries")]
        found = [one for run_id in ids for one in outbox.deliveries(ledger, run_id)]
    return {one.kind: one.state for one in found}


def peak_bytes() -> int:
    """The most memory that this process has held."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024
