"""The prepared dataset: order, rows, weights, attributes, reuse, and nothing learned from later."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from configs.data import DataConfig
from configs.errors import DataError
from tfrs_models.data import prepare as module
from tfrs_models.data.dataset import FIRST_ROW, TRAIN
from tfrs_models.data.prepare import prepare

START = 1_600_000_000
DAY = 86_400
CUT = {"type": "global_temporal", "options": {"test_start": "2020-09-21", "validation_days": 1}}
# The log starts on 2020-09-13 at 12:26:40: days 8 and 9 are test, the end of day 6 and day 7
# validation.


def vocabulary(dataset, key):
    return (dataset.folder / "vocabularies" / f"{key}.txt").read_text().splitlines()


def test_events_are_sorted_by_user_time_and_item(prepare_lines, log):
    events = prepare_lines(log[::-1]).events
    order = np.lexsort((events.item, events.time, events.user))
    assert np.array_equal(order, np.arange(50))


def test_offsets_are_the_first_events_of_the_users(prepare_lines, log):
    dataset = prepare_lines(log)
    for user in range(dataset.num_users):
        own = dataset.events.user[dataset.offsets[user] : dataset.offsets[user + 1]]
        assert np.all(own == user)
    assert np.array_equal(np.diff(dataset.offsets), [0, 0, 10, 10, 10, 10, 10])


def test_columns_have_the_declared_types(prepare_lines, log):
    events = prepare_lines(log).events
    found = {name: str(getattr(events, name).dtype) for name in vars(events)}
    assert found == {
        "user": "int32",
        "item": "int32",
        "time": "int64",
        "weight": "float32",
        "value": "float32",
        "type": "int8",
        "position": "int16",
        "split": "int8",
    }


def test_missing_cells_have_a_defined_value(prepare_lines, log):
    events = prepare_lines(log).events
    assert np.all(np.isnan(events.value))
    assert np.all(events.position == -1)
    assert np.all(events.weight == 1)


def test_times_are_microseconds(prepare_lines, log):
    assert prepare_lines(log).events.time.min() == START * 1_000_000


def test_the_arrays_equal_the_parquet_file(prepare_lines, rows, log):
    dataset = prepare_lines(
        [f"{line},{n},{n % 5}" for n, line in enumerate(log)],
        header="user_id,item_id,timestamp,value,position",
    )
    stored = rows(dataset, "events")
    events = dataset.events
    assert [r["user_row"] for r in stored] == events.user.tolist()
    assert [r["item_row"] for r in stored] == events.item.tolist()
    assert [r["value"] for r in stored] == events.value.tolist()
    assert [r["position"] for r in stored] == events.position.tolist()
    seconds = [(r["timestamp"] - datetime(1970, 1, 1)) // timedelta(seconds=1) for r in stored]
    assert seconds == (events.time // 1_000_000).tolist()


def test_context_columns_are_kept_under_their_names(prepare_lines, rows, log):
    dataset = prepare_lines(
        [f"{line},web,r1" for line in log], header="user_id,item_id,timestamp,device,request_id"
    )
    event = rows(dataset, "events")[0]
    assert (event["device"], event["request_id"]) == ("web", "r1")


def test_known_rows_are_ordered_by_training_events_then_id(prepare_lines):
    # Item b has 6 training events, a and c have 3 each; d is seen in test only.
    train = ["b"] * 6 + ["c"] * 3 + ["a"] * 3
    lines = [f"u{n % 3},{item},{START + n}" for n, item in enumerate(train)]
    lines += [f"u1,{item},{START + 10 * DAY + n}" for n, item in enumerate("ddda")]
    options = {"test_start": "2020-09-15", "validation_start": "2020-09-14"}
    dataset = prepare_lines(lines, split={"type": "global_temporal", "options": options})
    assert vocabulary(dataset, "item_id") == ["b", "a", "c"]
    assert (dataset.known_items, dataset.num_items) == (5, 6)


def test_unknown_rows_follow_in_the_order_of_their_first_event(prepare_lines, rows, log):
    later = [f"u0,{item},{START + 20 * DAY + n}" for n, item in enumerate(["zz", "aa", "mm"])]
    split = {"type": "global_temporal", "options": {"test_days": 15}}
    dataset = prepare_lines([*log, *later], split=split)
    unknown = [row["item_id"] for row in rows(dataset, "items")[dataset.known_items - FIRST_ROW :]]
    assert unknown == ["zz", "aa", "mm"]


def test_rare_items_are_not_admitted(prepare_lines, log):
    everything = prepare_lines(log, split=CUT)
    dataset = prepare_lines(log, split=CUT, min_item_events=6)
    counts = np.bincount(everything.events.item[everything.events.split == TRAIN])
    assert dataset.known_items - FIRST_ROW == int(np.sum(counts >= 6)) < 7
    assert dataset.num_items == everything.num_items


def test_rare_users_are_not_admitted(prepare_lines, log):
    lines = [*log, f"rare,i1,{START}"]
    dataset = prepare_lines(lines, split=CUT, min_user_events=2)
    assert "rare" not in vocabulary(dataset, "user_id")
    assert dataset.num_users == dataset.known_users + 1


def test_weights_follow_the_event_type(prepare_lines, log):
    kinds = ["view", "buy", "impression", "other", "buy"]
    lines = [f"{line},{kinds[n % 5]}" for n, line in enumerate(log)]
    dataset = prepare_lines(
        lines,
        header="user_id,item_id,timestamp,event_type",
        events={"weights": {"view": 0.5, "buy": 3.0}, "default_weight": 2.0},
    )
    found = {
        dataset.event_types[code]: float(dataset.events.weight[dataset.events.type == code][0])
        for code in range(4)
    }
    assert found == {"buy": 3.0, "view": 0.5, "other": 2.0, "impression": 0.0}


def test_a_declared_weight_of_impressions_counts(prepare_lines, log):
    lines = [f"{line},impression" for line in log]
    header = "user_id,item_id,timestamp,event_type"
    dataset = prepare_lines(lines, header=header, events={"weights": {"impression": 0.25}})
    assert np.all(dataset.events.weight == 0.25)


def test_values_below_the_least_are_no_positives(prepare_lines, log):
    lines = [f"{line},{n % 5 + 1}" for n, line in enumerate(log)]
    dataset = prepare_lines(
        lines, header="user_id,item_id,timestamp,value", events={"min_value": 4}
    )
    assert np.array_equal(dataset.events.weight > 0, dataset.events.value >= 4)


def test_types_are_numbered_by_their_training_events(prepare_lines, log):
    lines = [f"{line},{'buy' if n % 5 == 0 else 'view'}" for n, line in enumerate(log)]
    dataset = prepare_lines(lines, header="user_id,item_id,timestamp,event_type")
    assert dataset.event_types == ("view", "buy")


def test_too_many_event_types_are_refused(prepare_lines, log):
    lines = [f"{log[n % 50]},kind{n}" for n in range(150)]
    with pytest.raises(DataError, match="150 event types, more than 127"):
        prepare_lines(lines, header="user_id,item_id,timestamp,event_type")


def items_file(tmp_path: Path, lines: list[str]) -> dict[str, str]:
    path = tmp_path / "items.csv"
    path.write_text("\n".join(["item_id,title", *lines]))
    return {"items": str(path)}


def test_items_bring_their_attributes(prepare_lines, rows, log, tmp_path):
    files = items_file(tmp_path, [f"i{n},Title {n}" for n in range(7)])
    dataset = prepare_lines(log, files=files)
    assert all(r["title"] == f"Title {r['item_id'][1:]}" for r in rows(dataset, "items"))


def test_items_without_events_have_rows_after_all_others(prepare_lines, rows, log, tmp_path):
    files = items_file(tmp_path, ["new,New", *(f"i{n},T" for n in range(7))])
    dataset = prepare_lines(log, files=files)
    assert rows(dataset, "items")[-1] == {"item_id": "new", "title": "New"}
    assert dataset.num_items == 10


def test_of_two_rows_of_an_item_the_last_is_kept_and_counted(prepare_lines, rows, log, tmp_path):
    files = items_file(tmp_path, ["i1,Old", *(f"i{n},T" for n in range(7)), "i1,New"])
    dataset = prepare_lines(log, files=files)
    assert {r["item_id"]: r["title"] for r in rows(dataset, "items")}["i1"] == "New"
    report = json.loads((dataset.folder / "report.json").read_text())
    assert report["tables"]["items"]["duplicates"] == 2


def test_events_without_an_item_row_are_kept_and_counted(prepare_lines, rows, log, tmp_path):
    dataset = prepare_lines(log, files=items_file(tmp_path, [f"i{n},T" for n in range(1, 7)]))
    assert len(dataset.events) == 50
    titles = {r["item_id"]: r["title"] for r in rows(dataset, "items")}
    assert titles["i0"] is None
    report = json.loads((dataset.folder / "report.json").read_text())
    assert report["missing"] == {"events_without_items_row": sum(",i0," in line for line in log)}


def test_a_broken_item_row_is_quarantined(prepare_lines, rows, log, tmp_path):
    dataset = prepare_lines(log, files=items_file(tmp_path, [",Nameless", "i1,T"]))
    [row] = rows(dataset, "quarantine")
    assert (row["table_name"], row["reason"], row["source_row"]) == ("items", "missing item_id", 2)


def test_an_attribute_that_two_tables_give_is_refused(prepare_lines, log, tmp_path):
    files = items_file(tmp_path, ["i1,T"]) | {"item_columns": ["title"]}
    with pytest.raises(DataError, match="`title` is both an attribute in the table"):
        prepare_lines([f"{x},t" for x in log], "user_id,item_id,timestamp,title", files=files)


def test_attributes_from_events_are_the_last_known_at_the_cut(prepare_lines, rows, log):
    lines = [f"{line},{line.split(',')[2]}" for line in log]
    late = [f"u0,late,{START + 9 * DAY + n},{n}" for n in (200, 100)]
    dataset = prepare_lines(
        [*lines, *late],
        header="user_id,item_id,timestamp,price",
        files={"item_columns": ["price"]},
        split=CUT,
    )
    found = {r["item_id"]: r["price"] for r in rows(dataset, "items")}
    train = dataset.events.split == TRAIN
    for row, item in enumerate(vocabulary(dataset, "item_id"), start=FIRST_ROW):
        last = dataset.events.time[train & (dataset.events.item == row)].max() // 1_000_000
        assert found[item] == str(last)
    assert found["late"] == "100"  # training never saw it: its first value
    assert "price" not in rows(dataset, "events")[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace(line.split(",")[2], str(int(line.split(",")[2]) + DAY // 3)),
        lambda line: line.replace(line.split(",")[1], "never_seen"),
        lambda line: line.replace(line.split(",")[0], "never_seen"),
        lambda line: line.rsplit(",", 1)[0] + ",other price",
    ],
)
def test_a_change_after_the_cut_changes_nothing_that_is_learned(prepare_lines, rows, log, change):
    header, files = "user_id,item_id,timestamp,price", {"item_columns": ["price"]}
    lines = [f"{line},{n}" for n, line in enumerate(log)]
    before = prepare_lines(lines, header, files=files, split=CUT)
    after = prepare_lines(
        [*lines[:47], change(lines[47]), *lines[48:]], header, files=files, split=CUT
    )
    assert before.fingerprint != after.fingerprint
    for key in ("user_id", "item_id"):
        assert vocabulary(before, key) == vocabulary(after, key)
    known = slice(0, before.known_items - FIRST_ROW)
    assert rows(before, "items")[known] == rows(after, "items")[known]
    for column in ("user", "item", "time", "weight", "type"):
        first, second = (
            getattr(d.events, column)[d.events.split == TRAIN] for d in (before, after)
        )
        assert np.array_equal(first, second), column


def test_the_same_settings_and_files_are_prepared_once(prepare_lines, log, tmp_path, monkeypatch):
    first = prepare_lines(log)
    config = DataConfig.model_validate(
        {"source": "files", "files": {"events": str(tmp_path / "events.csv")}}
    )
    monkeypatch.setattr(module, "_build", None)
    assert prepare(config, 7, tmp_path / "datasets").folder == first.folder


def test_settings_without_effect_do_not_prepare_again(prepare_lines, log, tmp_path, monkeypatch):
    first = prepare_lines(log)
    config = DataConfig.model_validate(
        {
            "source": "files",
            "files": {"events": str(tmp_path / "events.csv")},
            "simulated": {"users": 50},
            "memory_limit_mib": 256,
        }
    )
    monkeypatch.setattr(module, "_build", None)
    assert prepare(config, 7, tmp_path / "datasets").fingerprint == first.fingerprint


def test_another_seed_or_setting_is_another_dataset(prepare_lines, log, tmp_path):
    first = prepare_lines(log)
    config = DataConfig.model_validate(
        {"source": "files", "files": {"events": str(tmp_path / "events.csv")}}
    )
    assert prepare(config, 8, tmp_path / "datasets").fingerprint != first.fingerprint


def test_two_preparations_are_equal_byte_by_byte(prepare_lines, log, tmp_path):
    first = prepare_lines(log)
    config = DataConfig.model_validate(
        {"source": "files", "files": {"events": str(tmp_path / "events.csv")}}
    )
    second = prepare(config, 7, tmp_path / "elsewhere")
    for path in sorted(p for p in first.folder.rglob("*") if p.is_file()):
        assert path.read_bytes() == (second.folder / path.relative_to(first.folder)).read_bytes()


def test_a_crash_leaves_nothing_but_what_the_next_run_removes(
    prepare_lines, log, tmp_path, monkeypatch
):
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module.write, "write_columns", die)
        with pytest.raises(KeyboardInterrupt):
            prepare_lines(log)
    assert not [p for p in (tmp_path / "datasets").iterdir() if p.is_dir()]
    killed = tmp_path / "datasets" / ".unfinished-0123456789abcdef"
    killed.mkdir()
    (killed / "events.parquet").touch()
    dataset = prepare_lines(log)
    assert not killed.exists()
    assert dataset.folder.is_dir()


def test_a_damaged_dataset_is_prepared_again(prepare_lines, log, tmp_path):
    first = prepare_lines(log)
    (first.folder / "columns" / "user.npy").write_bytes(b"")
    config = DataConfig.model_validate(
        {"source": "files", "files": {"events": str(tmp_path / "events.csv")}}
    )
    assert len(prepare(config, 7, tmp_path / "datasets").events) == 50


def test_the_manifest_tells_window_cuts_and_counts(prepare_lines, log):
    manifest = prepare_lines(log, split=CUT).manifest
    assert manifest["window"]["start"] == "2020-09-13T12:26:40+00:00"
    assert manifest["window"]["end_us"] == (START + 9 * DAY + 4) * 1_000_000
    assert manifest["split"]["cuts"] == {
        "validation_start": "2020-09-20T00:00:00+00:00",
        "test_start": "2020-09-21T00:00:00+00:00",
    }
    # Days 0 to 6 lie before 2020-09-20, day 7 is the 20th, days 8 and 9 are later.
    assert manifest["counts"]["train"] == {"events": 35, "positives": 35, "users": 5, "items": 7}
    assert manifest["counts"]["validation"]["events"] == 5
    assert manifest["counts"]["test"]["events"] == 10
