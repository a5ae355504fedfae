"""A month of nights: the log has grown by a day, `tfrs retrain` runs, and something happens."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from support.forked import Fault, Host
from support.hooks import shell
from support.month import FIRST_DAYS, NIGHTS, WORLD, Month
from support.retraining import open_shop
from support.retraining_processes import NAME, Reader, Retraining

from exports.manifest import verify
from exports.publishing.layout import version_folders
from trainers.retraining.end import NOTHING_NEW, PUBLISHED, REJECTED
from trainers.retraining.ledger import shards, versions
from trainers.retraining.ledger.balance import check_balance

BUSY, BAD_DATA, BAD_ARTIFACT, BAD_DISK, INTERRUPTED = 12, 65, 66, 73, 75
KILLED = -signal.SIGKILL
TURNED = {"impression": "view", "view": "impression"}
LATE_SHARE = 0.05


def ordinary(month: Month) -> None:
    month.comes()
    month.publishes()


def a_week_after_the_last_training_from_the_beginning(month: Month) -> None:
    month.comes()
    month.publishes("full")


def no_file(month: Month) -> None:
    month.ends(NOTHING_NEW)


def two_days_in_one_file(month: Month) -> None:
    month.comes(first=month.day - 1)
    month.publishes()


def killed(month: Month) -> None:
    month.comes()
    for step in (3, 30, 100):
        month.ends(KILLED, fault=Fault("kill", step))
    month.publishes()


def killed_while_it_publishes(month: Month) -> None:
    month.comes()
    month.ends(KILLED, fault=Fault("kill", 1), root=month.retraining.models)
    month.publishes()


def the_disk_is_full(month: Month) -> None:
    month.comes()
    month.ends(BAD_DISK, fault=Fault("full", 25))
    month.publishes()


def the_disk_fails(month: Month) -> None:
    month.comes()
    month.ends(BAD_DISK, fault=Fault("flush", 25))
    month.publishes()


def terminated(month: Month) -> None:
    month.comes()
    state = month.retraining.state
    planned = len(list(state.glob("runs/*/plan/done.json")))
    process = month.start()
    while len(list(state.glob("runs/*/plan/done.json"))) == planned:
        time.sleep(0.01)
    os.kill(process, signal.SIGTERM)
    ended = month.retraining.host.wait(process)
    assert ended.code == INTERRUPTED, ended.output
    month.publishes()


def two_at_once(month: Month) -> None:
    month.comes()
    pair = [month.start() for _ in range(2)]
    codes = sorted(month.retraining.host.wait(process).code for process in pair)
    assert codes == [PUBLISHED, BUSY]
    month.learned()


def a_hook_forbids_it(month: Month) -> None:
    month.comes()
    month.ends(REJECTED, shell("exit 10", "pre_publish", may_veto=True))


def a_hook_fails(month: Month) -> None:
    month.comes()
    month.publishes("warm", shell("exit 1", "on_publish", name="failing"))


def yesterday_comes_again(month: Month) -> None:
    before = len(month.waiting)
    month.comes(first=month.day - 1)
    copy = month.retraining.shop.folder / "logs" / "copy.parquet"
    copy.write_bytes(copy.with_name(f"{month.day}.parquet").read_bytes())
    month.publishes()
    assert before == 0
    with month.retraining.ledger() as ledger:
        last = shards.all_shards(ledger)[-1]
    assert last.duplicates == len(events_of(month, month.day - 1))
    assert last.accepted == len(events_of(month, month.day))


def some_events_come_late(month: Month) -> None:
    month.comes(lambda events: events.filter(pc.invert(late(events))))
    month.publishes()


def the_late_ones_come_in_any_order(month: Month) -> None:
    yesterday = events_of(month, month.day - 1)

    def with_late(today: pa.Table) -> pa.Table:
        both = pa.concat_tables([today, yesterday.filter(late(yesterday))])
        return both.take(np.random.default_rng(month.day).permutation(len(both)))

    month.comes(with_late)
    month.publishes()


def turned_labels(month: Month) -> None:
    def turned(events: pa.Table) -> pa.Table:
        kinds = [TURNED.get(kind, kind) for kind in events["event_type"].to_pylist()]
        place = events.column_names.index("event_type")
        return events.set_column(place, "event_type", pa.array(kinds))

    wrong = month.comes(turned)
    month.ends(BAD_DATA)
    month.ends(BAD_DATA)
    month.withdraws(wrong)
    month.comes()
    month.publishes()


def a_torn_file(month: Month) -> None:
    path = month.comes()
    path.write_bytes(path.read_bytes()[:-100])
    month.waiting.remove(path.name)
    month.ends(BAD_DATA)
    month.comes()
    month.publishes()


def another_schema(month: Month) -> None:
    path = month.comes(lambda events: events.drop_columns(["item_id"]))
    month.waiting.remove(path.name)
    month.ends(BAD_DATA)
    month.comes()
    month.publishes()


def an_empty_file(month: Month) -> None:
    path = month.comes(lambda events: events.slice(0, 0))
    month.waiting.remove(path.name)
    month.ends(BAD_DATA)
    month.comes()
    month.publishes()


def the_ledger_is_lost(month: Month) -> None:
    month.comes()
    (month.retraining.state / "ledger.db").write_bytes(b"SQLite format 3\0" * 300)
    month.ends(BAD_ARTIFACT)
    month.asks("doctor", NAME, "--artifacts", month.retraining.shop.artifacts, "--rebuild")
    month.publishes()


def the_index_aborts(month: Month) -> None:
    month.comes()
    month.ends(BAD_ARTIFACT, export={"index": {"type": "support.aborting_index"}})
    month.publishes()


def rolled_back(month: Month) -> None:
    month.asks("rollback", month.retraining.models, NAME)
    month.comes()
    month.publishes("full")


SCRIPT: dict[int, Callable[[Month], None]] = {
    1: killed,
    2: no_file,
    3: two_days_in_one_file,
    4: killed_while_it_publishes,
    5: the_disk_is_full,
    6: a_week_after_the_last_training_from_the_beginning,
    7: the_ledger_is_lost,
    8: two_at_once,
    9: terminated,
    10: a_hook_forbids_it,
    12: yesterday_comes_again,
    13: a_week_after_the_last_training_from_the_beginning,
    14: some_events_come_late,
    15: the_late_ones_come_in_any_order,
    16: turned_labels,
    18: rolled_back,
    19: a_torn_file,
    20: another_schema,
    21: an_empty_file,
    22: the_index_aborts,
    23: a_hook_fails,
    24: the_disk_fails,
    25: a_week_after_the_last_training_from_the_beginning,
    26: no_file,
    27: two_days_in_one_file,
    28: killed,
}
"""What happens in the nights of these numbers; the others are ordinary."""


@pytest.mark.slow(300)
@pytest.mark.timeout(1_800)
def test_a_month_of_disturbed_nights_ends_as_the_script_says(host: Host, tmp_path: Path) -> None:
    shop = open_shop(tmp_path / "shop", **WORLD)
    month = Month(Retraining(host, shop), FIRST_DAYS - 1)
    month.comes(first=0)
    month.publishes("full")
    with Reader(month.retraining.models, pause_seconds=0.5) as reader:
        for night in range(NIGHTS):
            month.day = FIRST_DAYS + night
            SCRIPT.get(night, ordinary)(month)
    assert reader.faults == []
    check_ledger(month)
    check_log(month)
    check_published(month)
    check_told(month)
    month.asks("doctor", NAME, "--artifacts", shop.artifacts, "--max-age", "1h")


def check_ledger(month: Month) -> None:
    """Each version has learned what it should, once, and all adds up."""
    with month.retraining.ledger() as ledger:
        assert check_balance(ledger) == []
        assert shards.pending(ledger) == []
        every = [versions.get(ledger, number) for number in numbers(month)]
        names = {one.sha256: one.name for one in shards.all_shards(ledger)}
        learned = [
            (one.policy, [names[sha256] for sha256 in versions.consumed_by(ledger, one.number)])
            for one in every
        ]
        assert learned == month.expected
        parents = [one.parent for one in every]
    former = [None, *(one.number for one in every[:-1])]
    expected = [
        number if policy == "warm" else None
        for number, (policy, _) in zip(former, month.expected, strict=True)
    ]
    assert parents == expected


def check_log(month: Month) -> None:
    """The log has each event of the shop once."""
    with month.retraining.ledger() as ledger:
        stems = [one.stem for one in shards.in_log(ledger)]
    log = month.retraining.state / "log"
    assert Counter(
        row for stem in stems for row in keys(pq.read_table(log / f"{stem}.parquet"))
    ) == (Counter(keys(pq.read_table(month.retraining.shop.folder / "all" / "events.parquet"))))


def check_published(month: Month) -> None:
    """The latest version is served; five are kept, all whole."""
    folders = version_folders(month.retraining.models / NAME)
    for folder in folders.values():
        verify(folder)
    assert month.retraining.stable == max(folders)
    assert len(folders) == 5


def check_told(month: Month) -> None:
    """Every version was told once, and so was the rollback."""
    told = [json.loads(line) for line in month.told.read_text().splitlines() if line]
    kinds = Counter(one["kind"] for one in told)
    assert kinds == {"on_publish": len(month.expected), "on_rollback": 1}
    assert len({one["id"] for one in told}) == len(told)


def numbers(month: Month) -> list[int]:
    """Of all versions that were ever published."""
    with month.retraining.ledger() as ledger:
        return [number for (number,) in ledger.execute("SELECT number FROM versions ORDER BY 1")]


def events_of(month: Month, day: int) -> pa.Table:
    """What the shop has seen on a day."""
    every = pq.read_table(month.retraining.shop.folder / "all" / "events.parquet")
    start = pc.add(pc.min(every["timestamp"]), pa.scalar(day * 86_400_000_000, pa.duration("us")))
    end = pc.add(start, pa.scalar(86_400_000_000, pa.duration("us")))
    time = every["timestamp"]
    return every.filter(pc.and_(pc.greater_equal(time, start), pc.less(time, end)))


def late(events: pa.Table) -> pa.Array:
    """Which twentieth of the events of a day comes late."""
    return pa.array(np.random.default_rng(0).random(len(events)) < LATE_SHARE)


def keys(events: pa.Table) -> list[tuple[object, ...]]:
    """What tells events apart."""
    columns = ("user_id", "item_id", "timestamp", "event_type")
    return list(zip(*(events[name].to_pylist() for name in columns), strict=True))
