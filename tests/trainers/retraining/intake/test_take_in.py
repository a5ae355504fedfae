"""What is taken in, once, and what each row becomes."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.intake import HEADER, NOW, START, csv, events

from configs.errors import ArtifactError, ConfigError, DataError
from configs.intake import IntakeConfig
from configs.run import RunConfig
from tfrs_models.data import paths
from trainers.retraining.intake import event_files
from trainers.retraining.intake.take_in import take_in
from trainers.retraining.ledger import records, runs, shards
from trainers.retraining.ledger.records import ShardRecord

HOUR = 3600
ALL = {"max_bad_share": 1.0, "max_late_share": 1.0}


def test_each_file_becomes_a_shard_in_order_of_path(shop):
    rows = events(30)
    shop.put("b.csv", rows[10:20])
    shop.put("c.csv", rows[20:])
    shop.put("a.csv", rows[:10])
    taken = shop.take()
    assert [(s.sequence, s.name, s.accepted) for s in taken.shards] == [
        (1, "a.csv", 10),
        (2, "b.csv", 10),
        (3, "c.csv", 10),
    ]
    assert shop.accepted() == rows
    assert taken.watermark_us == (START + rows[-1][2]) * 1_000_000


def test_the_log_has_canonical_columns_the_free_ones_and_the_sequence(shop):
    shop.put("a.csv", events(3))
    (shard,) = shop.take().shards
    schema = pq.read_schema(shop.log / f"{shard.stem}.parquet")
    assert {name: str(schema.field(name).type) for name in schema.names} == {
        "user_id": "string",
        "item_id": "string",
        "timestamp": "timestamp[us]",
        "event_type": "string",
        "value": "float",
        "position": "int16",
        "price": "string",
        "shard_sequence": "int32",
    }


def test_the_record_beside_the_rows_is_the_ledgers(shop):
    shop.put("a.csv", events(3))
    (shard,) = shop.take().shards
    assert records.read(shop.log / f"{shard.stem}.json", ShardRecord).shard == shard
    assert shards.all_shards(shop.ledger) == [shard]


def test_the_run_has_the_shards_that_it_took_in(shop):
    shop.put("a.csv", events(3))
    shop.put("b.csv", events(6)[3:])
    taken = shop.take()
    assert runs.get(shop.ledger, "r1").shards == tuple(s.sha256 for s in taken.shards)


def test_a_run_that_has_not_begun_takes_nothing_in(shop):
    shop.put("a.csv", events(3))
    with pytest.raises(ArtifactError, match="no run `r9`"):
        take_in(shop.config(), shop.log, shop.ledger, "r9", NOW * 1_000_000, IntakeConfig())
    assert not shop.log.exists()


def test_nothing_new_is_nothing_taken(shop):
    shop.put("a.csv", events(3))
    before = shop.take()
    again = shop.take()
    assert again.shards == ()
    assert again.watermark_us == before.watermark_us


def test_a_renamed_copy_is_not_new(shop):
    path = shop.put("a.csv", events(3))
    shutil.copy(path, path.with_name("0.csv"))
    assert [s.name for s in shop.take().shards] == ["0.csv"]


def test_the_ledger_is_asked_once_which_files_are_known(shop, monkeypatch):
    asked = []
    known = shards.known
    monkeypatch.setattr(shards, "known", lambda ledger: asked.append(1) or known(ledger))
    for number, name in enumerate("abc"):
        shop.put(f"{name}.csv", events(3 * number + 3)[3 * number :])
    assert len(shop.take().shards) == 3
    assert len(asked) == 1


def test_a_file_that_has_grown_gives_its_new_rows(shop):
    rows = events(300)  # two days: most of the first rows are past the allowed lateness
    shop.put("a.csv", rows[:290])
    shop.take()
    shop.put("a.csv", rows)
    (shard,) = shop.take().shards
    assert (shard.accepted, shard.duplicates, shard.late) == (10, 290, 0)
    assert shop.accepted() == rows


def test_files_may_be_moved_away_once_they_are_taken_in(shop):
    path = shop.put("a.csv", events(3))
    shop.take()
    path.unlink()
    assert shop.take().shards == ()


@pytest.mark.parametrize("step", ["identity", "check_file"])
def test_a_file_that_is_moved_away_meanwhile_is_passed_over(shop, monkeypatch, caplog, step):
    # Its identity is taken first, and whether it is empty once its hash is known to be new.
    for name, rows in zip("abc", (events(9)[n : n + 3] for n in (0, 3, 6)), strict=True):
        shop.put(f"{name}.csv", rows)
    function = getattr(paths, step)

    def moving(given, *others):
        if "b.csv" in str(given):
            (shop.folder / "raw" / "b.csv").unlink()
        return function(given, *others)

    with monkeypatch.context() as patch:
        patch.setattr(paths, step, moving)
        assert [s.name for s in shop.take().shards] == ["a.csv", "c.csv"]
    assert "b.csv was moved away before it was taken in" in caplog.text
    assert shop.accepted() == [*events(3), *events(9)[6:]]


def test_before_the_first_file_a_glob_without_files_is_an_error(shop):
    with pytest.raises(DataError, match="no file matches"):
        shop.take()


def test_a_row_repeated_in_a_file_is_taken_once(shop):
    rows = events(4)
    shop.put("a.csv", [rows[0], rows[1], rows[0], rows[2], rows[0], rows[3]])
    (shard,) = shop.take().shards
    assert (shard.rows, shard.accepted, shard.duplicates) == (6, 4, 2)
    assert shop.accepted() == rows


def test_rows_that_differ_in_value_are_two_events(shop):
    header = "user,item,when,kind,value"
    content = csv([("u", "i", 0, "view", v) for v in ("1", "2", "", "1", "")], header)
    shop.put("a.csv", content)
    (shard,) = shop.take().shards
    assert (shard.accepted, shard.duplicates) == (3, 2)


def test_an_event_id_tells_events_apart_and_makes_others_equal(shop):
    header = f"{HEADER},event_id"
    first = csv([("u", "i", 0, "view", "1", "7.0"), ("u", "i", 0, "view", "1", "8")], header)
    second = csv([("u", "j", 60, "view", "2", "8"), ("u", "j", 60, "view", "2", "9")], header)
    shop.put("a.csv", first)
    shop.put("b.csv", second)
    one, two = shop.take(event_id="event_id").shards
    assert (one.accepted, two.accepted, two.duplicates) == (2, 1, 1)
    names = pq.read_table(shop.log / f"{one.stem}.parquet")["event_id"].to_pylist()
    assert names == ["7", "8"]  # an id is text, and 7.0 is the id 7


def test_a_row_without_an_event_id_is_broken(shop):
    shop.put("a.csv", csv([("u", "i", n, "view", "1", "x" * n) for n in range(3)], f"{HEADER},id"))
    (shard,) = shop.take(event_id="id", **ALL).shards
    assert (shard.accepted, shard.quarantined) == (2, 1)
    assert shop.aside(1) == [(2, "missing id")]


def test_event_ids_may_come_later_than_the_first_files(shop):
    shop.put("a.csv", events(2))
    shop.take()
    shop.put("b.csv", csv([("u", "i", 9000, "view", "1", "x")], f"{HEADER},id"))
    assert shop.take(event_id="id").shards[0].accepted == 1


def test_late_rows_are_put_aside_with_their_lines(shop):
    # The watermark is 10 h, six hours of lateness are allowed: from 4 h on, that hour included.
    shop.put("a.csv", [("u", "i", 10 * HOUR, "view", "1")])
    times = (4 * HOUR - 1, 4 * HOUR, 3 * HOUR, 11 * HOUR)
    shop.put("b.csv", [("u", f"i{t}", t, "view", "1") for t in times])
    _, shard = shop.take(**ALL).shards
    assert (shard.accepted, shard.late) == (2, 2)
    assert shop.aside(2) == [
        (2, "older than the allowed lateness"),
        (4, "older than the allowed lateness"),
    ]


def test_lateness_is_judged_by_former_files_not_by_the_file_itself(shop):
    shop.put("a.csv", [("u", "i", t * HOUR, "view", "1") for t in (100, 0)])
    assert shop.take().shards[0].late == 0


def test_future_rows_are_put_aside_and_do_not_move_the_watermark(shop):
    rows = [*events(3), ("u", "i", NOW - START + 301, "view", "1")]  # 300 s are allowed
    shop.put("a.csv", rows)
    taken = shop.take(**ALL)
    assert shop.aside(1) == [(5, "timestamp in the future")]
    assert taken.watermark_us == (START + 1200) * 1_000_000


def test_broken_lines_late_rows_and_broken_cells_have_their_true_lines(shop):
    shop.put("a.csv", [("u", "i", 10 * HOUR, "view", "1")])
    lines = [
        HEADER,
        f"u,i,{START + 10 * HOUR},view",  # line 2: too few cells
        f"u,j,{START},view,1",  # line 3: late
        f",j,{START + 10 * HOUR},view,1",  # line 4: no user
        f"u,k,{START + 10 * HOUR},view,1",
    ]
    shop.put("b.csv", "\n".join(lines).encode())
    _, shard = shop.take(**ALL).shards
    assert (shard.rows, shard.accepted, shard.late, shard.quarantined) == (4, 1, 1, 2)
    assert shop.aside(2) == [
        (2, "too few cells"),
        (3, "older than the allowed lateness"),
        (4, "missing user_id"),
    ]


def test_rows_that_a_filter_drops_are_not_counted(shop):
    shop.put("a.csv", events(8))
    rule = {"column": "price", "op": ">", "value": 0}  # two of the eight have the price 0
    (shard,) = shop.take(files={"filters": [rule]}).shards
    assert (shard.rows, shard.accepted) == (6, 6)
    assert all(row[4] != "0" for row in shop.accepted())


def test_a_file_may_hold_one_user_alone(shop):
    shop.put("a.csv", [("u", f"i{n}", n, "view", "1") for n in range(20)])
    assert shop.take().shards[0].accepted == 20


def test_files_of_other_formats_are_taken_in_too(shop):
    rows = events(10)
    names = HEADER.split(",")
    columns = list(zip(*rows, strict=True))
    columns[2] = [START + t for t in columns[2]]
    path = shop.put("a.parquet", b"")
    pq.write_table(pa.table(dict(zip(names, map(list, columns), strict=True))), path)
    shop.put("b.tsv", csv(rows).replace(b",", b"\t"))
    one, two = shop.take().shards
    assert (one.accepted, two.duplicates) == (10, 10)


def test_a_file_whose_rows_are_all_known_is_a_shard_without_rows(shop):
    rows = events(6)
    shop.put("a.csv", rows)
    shop.put("b.csv", rows[::-1])
    _, two = shop.take().shards
    assert (two.accepted, two.first_us, two.last_us) == (0, None, None)
    assert shop.accepted() == rows


def test_paths_with_signs_of_globs_are_read(shop):
    shop.put("a[1]?.csv", events(3))
    assert shop.take().shards[0].accepted == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"source": "simulated"}, "`data.source` must be `files`"),
        ({"source": "files", "files": {"events": {"train": "a.csv"}}}, "received files for train"),
        ({"source": "files"}, "names no file"),
    ],
)
def test_what_has_no_new_files_is_refused(shop, data, words):
    config = RunConfig.model_validate({"data": data})
    with pytest.raises(ConfigError, match=words):
        event_files.event_files(event_files.files_options(config), taken_before=False)
