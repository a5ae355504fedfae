"""Files that are refused whole: nothing of them stays, and what came before them does."""

import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.intake import HEADER, START, csv, events

from configs.errors import DataError
from trainers.retraining.intake import take_in as module
from trainers.retraining.ledger import shards

HOUR = 3600
ROWS = events(40)


def parquet(**columns):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue().to_pybytes()


SOUND = {"user": ["u"], "item": ["i"], "when": [START + 40 * HOUR], "kind": ["view"]}
POISON = {
    "an_empty_file.csv": (b"", "is empty"),
    "a_header_alone.csv": (HEADER.encode(), "it has no rows"),
    "no_rows.parquet": (parquet(**{k: v[:0] for k, v in SOUND.items()}), "it has no rows"),
    "a_missing_column.csv": (b"user,item,kind\nu,i,view\n", "`when`"),
    "another_schema.parquet": (parquet(id=[1, 2], text=["a", "b"]), "`user`"),
    "a_list_for_a_value.parquet": (parquet(**SOUND, value=[[1.0, 2.0]]), "value"),
    "a_struct_for_a_time.parquet": (parquet(**{**SOUND, "when": [{"y": 2020}]}), "broken"),
    "a_truncated.parquet": (parquet(**SOUND)[:-40], "cannot be read"),
    "no.parquet": (b"PAR1 and no more of it", "cannot be read"),
    "all_bad.csv": (csv([("", "i", 0, "view", "1")] * 5), r"all its rows \(5\) are broken"),
    "not_a_number.parquet": (
        parquet(**{**SOUND, "when": [float("nan")]}),
        r"all its rows \(1\) are broken",
    ),
    "too_many_bad.csv": (csv([*ROWS[:20], ("", "i", 0, "v", "1")] * 2), "2 of 42 rows are broken"),
    "a_reserved_name.csv": (csv([(*r, "9") for r in ROWS], f"{HEADER},shard_sequence"), "rename"),
    "a_name_of_parquet.csv": (
        csv([(*r, "9") for r in ROWS], f"{HEADER},file_row_number"),
        "rename",
    ),
}


@pytest.fixture
def sound(shop):
    """A file that was taken in; the watermark is the 26th hour."""
    shop.put("0.csv", [("u", "i", 26 * HOUR, "view", "1")])
    shop.take()
    return shop


@pytest.mark.parametrize("name", POISON)
def test_a_poisoned_file_is_refused_by_name_and_nothing_of_it_stays(sound, name):
    before = sound.names()
    content, words = POISON[name]
    sound.put(name, content)
    for _ in range(2):
        with pytest.raises(DataError, match=words) as error:
            sound.take(max_bad_share=0.04)
        assert name in str(error.value)
        assert "each run refuses it again until it is mended" in str(error.value)
        assert [n for n in sound.names() if not n.startswith("refused-")] == before
        assert len(shards.all_shards(sound.ledger)) == 1


def test_a_file_whose_name_is_not_utf8_is_refused_by_name(shop):
    shop.put("a.csv", ROWS[:10])
    path = shop.put(os.fsdecode(b"b-\xff.csv"), ROWS[10:20])
    shop.put("c.csv", ROWS[20:30])
    with pytest.raises(DataError, match=r"b-\\xff\.csv is not taken in: .*is not UTF-8\. Rename"):
        shop.take()
    assert shop.accepted() == ROWS[:10]
    path.rename(path.with_name("b.csv"))
    shop.take()
    assert shop.accepted() == ROWS[:30]


def test_files_before_a_refused_one_stay_taken_in_and_later_ones_wait(shop):
    shop.put("a.csv", ROWS[:10])
    bad = shop.put("b.csv", b"")
    shop.put("c.csv", ROWS[10:20])
    with pytest.raises(DataError, match=r"b\.csv is not taken in"):
        shop.take()
    assert shop.accepted() == ROWS[:10]
    bad.unlink()
    shop.take()
    assert shop.accepted() == ROWS[:20]


def test_a_mended_file_is_taken_in(sound):
    sound.put("1.csv", csv([("", "i", 0, "view", "1")]))
    with pytest.raises(DataError):
        sound.take()
    sound.put("1.csv", [("v", "i", 26 * HOUR, "view", "1")])
    assert sound.take().shards[0].accepted == 1


def test_the_rows_for_which_a_file_was_refused_lie_aside_until_the_next_call(sound):
    path = sound.put("1.csv", csv([("", "i", 0, "view", "1")]))
    with pytest.raises(DataError, match=r"The rows put aside are in .*refused-\w{12}\.parquet"):
        sound.take()
    (kept,) = (sound.log / "quarantine").glob("refused-*")
    assert pq.read_table(kept)["reason"].to_pylist() == ["missing user_id"]
    path.unlink()
    sound.take()
    assert not kept.exists()


def test_of_a_file_without_rows_nothing_lies_aside(sound):
    sound.put("1.csv", HEADER.encode())
    with pytest.raises(DataError, match=r"it has no rows\. Nothing of it was accepted"):
        sound.take()
    assert not list((sound.log / "quarantine").glob("refused-*"))


def test_a_file_with_too_many_late_rows_is_refused(sound):
    # Six hours before the 26th is the 20th: of 100 rows, two are older.
    hours = [19, 18, *[21] * 98]
    sound.put("1.csv", [("u", f"i{n}", h * HOUR, "view", "1") for n, h in enumerate(hours)])
    with pytest.raises(DataError, match=r"2 of 100 rows are more than .* older"):
        sound.take()
    assert sound.take(max_late_share=0.02).shards[0].late == 2


def test_old_data_are_taken_in_with_a_longer_lateness(sound):
    sound.put("1.csv", ROWS[:20])
    with pytest.raises(DataError, match="To take in old data once"):
        sound.take()
    assert sound.take(allowed_lateness_hours=48).shards[0].accepted == 20


def test_a_file_that_is_still_being_written_is_refused(shop, monkeypatch):
    path = shop.put("a.csv", ROWS)
    judge = module.judge

    def slow(*args):
        counts = judge(*args)
        path.write_bytes(csv(ROWS[:5]))
        return counts

    monkeypatch.setattr(module, "judge", slow)
    with pytest.raises(DataError, match="it changed while it was read"):
        shop.take()
    assert shop.accepted() == []


def test_a_file_that_cannot_be_read_is_named(shop, monkeypatch):
    path = shop.put("a.csv", ROWS)
    monkeypatch.setattr(type(path), "open", _refuse)
    with pytest.raises(DataError, match=r"a\.csv cannot be read.*permissions"):
        module.digest(path)


def _refuse(*_):
    raise PermissionError("denied")


def test_a_damaged_file_of_the_log_is_named_and_the_new_file_is_not_blamed(sound):
    (damaged,) = sound.log.glob("*.parquet")
    damaged.write_bytes(b"PAR1 and no more of it")
    sound.put("1.csv", ROWS[:3])
    with pytest.raises(DataError, match=damaged.name) as error:
        sound.take()
    assert "is not taken in" not in str(error.value)
