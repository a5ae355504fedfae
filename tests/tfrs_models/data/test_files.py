"""The `files` source: formats, mappings, constants, filters, globs."""

import gzip
import json
import os
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from configs.errors import DataError
from tfrs_models.data.sources import files

EVENTS = [("u1", "i1", 1_600_000_000, 4.0), ("u2", "caf\u00e9", 1_600_000_060, 1.5)]
LINES = ["user_id,item_id,timestamp,value", "u1,i1,1600000000,4.0", "u2,caf\u00e9,1600000060,1.5"]


def read(connection: duckdb.DuckDBPyConnection, folder: Path, **options: object) -> list[dict]:
    """Rows of the events relation."""
    raw = files.read(files.Options.model_validate(options), connection, folder, 0)
    return connection.sql(f'FROM "{raw.events}"').to_arrow_table().to_pylist()


def write(path: Path, content: str, encoding: str = "utf-8") -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode(encoding))
    return str(path)


def csv(path: Path, encoding: str = "utf-8") -> str:
    return write(path, "\n".join(LINES) + "\n", encoding)


def gzipped(path: Path) -> str:
    path.write_bytes(gzip.compress("\n".join(LINES).encode()))
    return str(path)


def tsv(path: Path) -> str:
    return write(path, "\n".join(LINES).replace(",", "\t"))


def jsonl(path: Path) -> str:
    names = LINES[0].split(",")
    return write(path, "\n".join(json.dumps(dict(zip(names, e, strict=True))) for e in EVENTS))


def parquet(path: Path) -> str:
    columns = dict(zip(LINES[0].split(","), zip(*EVENTS, strict=True), strict=True))
    pq.write_table(pa.table({k: list(v) for k, v in columns.items()}), path)
    return str(path)


def recbole(path: Path) -> str:
    header = "user_id:token\titem_id:token\ttimestamp:float\trating:float\n"
    return write(path, header + "\n".join(LINES[1:]).replace(",", "\t"))


FORMATS = {
    "events.csv": csv,
    "events.csv.gz": gzipped,
    "events.tsv": tsv,
    "events.jsonl": jsonl,
    "events.parquet": parquet,
    "events.inter": recbole,
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_events(connection, tmp_path, name):
    found = read(connection, tmp_path, events=FORMATS[name](tmp_path / name))
    assert [
        (e["user_id"], e["item_id"], int(float(e["timestamp"])), float(e["value"])) for e in found
    ] == EVENTS


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_names_the_file_and_the_row(connection, tmp_path, name):
    found = read(connection, tmp_path, events=FORMATS[name](tmp_path / name))
    # Lines of a text file are counted with its header.
    first = 1 if name.endswith((".jsonl", ".parquet")) else 2
    assert [e["source_row"] for e in found] == [first, first + 1]
    assert {e["source_file"] for e in found} == {str(tmp_path / name)}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings_are_read(connection, tmp_path, encoding):
    given = {} if encoding == "utf-8-sig" else {"encoding": encoding}
    path = csv(tmp_path / "events.csv", encoding)
    found = read(connection, tmp_path, events=path, event_table=given)
    assert [e["item_id"] for e in found] == ["i1", "caf\u00e9"]


def test_quoted_cells_hold_delimiters_and_line_breaks(connection, tmp_path):
    path = write(tmp_path / "e.csv", 'user_id,item_id,timestamp\nu1,"a,""b""\nc",1\n')
    assert read(connection, tmp_path, events=path)[0]["item_id"] == 'a,"b"\nc'


def test_windows_line_ends_are_read(connection, tmp_path):
    path = write(tmp_path / "e.csv", "\r\n".join(LINES) + "\r\n")
    assert [e["value"] for e in read(connection, tmp_path, events=path)] == ["4.0", "1.5"]


def test_a_delimiter_can_be_declared(connection, tmp_path):
    path = write(tmp_path / "e.csv", "\n".join(LINES).replace(",", ";"))
    found = read(connection, tmp_path, events=path, event_table={"delimiter": ";"})
    assert found[1]["item_id"] == "caf\u00e9"


def test_names_replace_a_missing_header(connection, tmp_path):
    path = write(tmp_path / "e.csv", "\n".join(LINES[1:]))
    names = LINES[0].split(",")
    found = read(connection, tmp_path, events=path, event_table={"names": names})
    assert [(e["user_id"], e["source_row"]) for e in found] == [("u1", 1), ("u2", 2)]


def test_columns_are_renamed_and_constants_added(connection, tmp_path):
    path = write(tmp_path / "e.csv", "who,what,when,where\nu1,i1,1600000000,here\n")
    mapping = {
        "user_id": "who",
        "item_id": "what",
        "timestamp": "when",
        "event_type": {"constant": "it's bought"},
    }
    [event] = read(connection, tmp_path, events=path, event_table={"columns": mapping})
    assert event["user_id"] == "u1"
    assert event["event_type"] == "it's bought"
    assert event["where"] == "here"
    assert "who" not in event


def test_one_column_may_be_mapped_twice(connection, tmp_path):
    path = csv(tmp_path / "e.csv")
    mapping = {"value": "value", "rating": "value"}
    found = read(connection, tmp_path, events=path, event_table={"columns": mapping})
    assert [e["rating"] for e in found] == [e["value"] for e in found]


def test_a_mapping_of_an_unknown_column_names_file_and_nearest(connection, tmp_path):
    path = csv(tmp_path / "e.csv")
    with pytest.raises(DataError, match=r"e\.csv has no column `User`.*Did you mean `user_id`\?"):
        read(connection, tmp_path, events=path, event_table={"columns": {"user_id": "User"}})


def test_names_with_quotes_cannot_leave_their_quotation(connection, tmp_path):
    name = "it\"'; DROP TABLE x; --"
    path = tmp_path / "o'e.parquet"
    pq.write_table(
        pa.table({"user_id": ["u1"], "item_id": ["i1"], "timestamp": [1], name: [3]}), path
    )
    found = read(connection, tmp_path, events=str(path), event_table={"columns": {"value": name}})
    assert found[0]["value"] == 3


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ({"op": "=", "value": 4}, ["4.0"]),
        ({"op": "!=", "value": 4}, ["1.5", None]),
        ({"op": ">", "value": 1.5}, ["4.0"]),
        ({"op": ">=", "value": 1.5}, ["4.0", "1.5"]),
        ({"op": "<", "value": 4}, ["1.5"]),
        ({"op": "<=", "value": 4}, ["4.0", "1.5"]),
        ({"op": "not_null"}, ["4.0", "1.5"]),
        ({"op": "matches", "value": r"^4"}, ["4.0"]),
        ({"op": "not_matches", "value": r"^4"}, ["1.5", None]),
    ],
)
def test_a_filter_marks_the_rows_that_it_drops(connection, tmp_path, rule, kept):
    path = write(tmp_path / "e.csv", "\n".join([*LINES, "u3,i3,1600000000,"]))
    found = read(connection, tmp_path, events=path, filters=[{"column": "value", **rule}])
    assert [e["value"] for e in found if e["filtered_by"] is None] == kept


def test_dropped_rows_are_counted_by_the_first_filter_that_drops_them(prepare_lines, log):
    rules = [
        {"column": "user_id", "op": "!=", "value": "u0"},
        {"column": "item_id", "op": "matches", "value": "^i[0-4]$"},
    ]
    dataset = prepare_lines(log, files={"filters": rules})
    report = json.loads((dataset.folder / "report.json").read_text())["tables"]["events"]
    # Of 50 rows u0 has 10. Of the other 40, those of i5 and i6 go: 11 of them.
    others = [line for line in log if not line.startswith("u0")]
    dropped = sum(line.split(",")[1] in ("i5", "i6") for line in others)
    assert report["filtered"] == {"item_id matches ^i[0-4]$": dropped, "user_id != u0": 10}
    assert report["valid"] == 40 - dropped


def test_filters_see_numbers_as_ids(connection, tmp_path):
    path = tmp_path / "e.parquet"
    pq.write_table(pa.table({"user_id": [17850.0], "item_id": ["i"], "timestamp": [1]}), path)
    rule = {"column": "user_id", "op": "=", "value": "17850"}
    assert read(connection, tmp_path, events=str(path), filters=[rule])[0]["filtered_by"] is None


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"op": "not_null", "value": 1}, "takes no `value`"),
        ({"op": ">"}, "needs a `value`"),
        ({"op": "matches", "value": 4}, "needs a regular expression, received 4"),
    ],
)
def test_a_senseless_filter_is_refused(rule, words):
    with pytest.raises(ValueError, match=words):
        files.Filter.model_validate({"column": "value", **rule})


def test_a_filter_on_an_unknown_column_is_refused(connection, tmp_path):
    rule = {"column": "valeu", "op": "not_null"}
    with pytest.raises(DataError, match=r"no column `valeu`.*Did you mean `value`\?"):
        read(connection, tmp_path, events=csv(tmp_path / "e.csv"), filters=[rule])


def test_globs_and_lists_are_read_in_order(connection, tmp_path):
    for name in ("b", "a", "c"):
        write(tmp_path / f"{name}.csv", f"user_id,item_id,timestamp\n{name},i,1\n")
    given = [str(tmp_path / "c.csv"), str(tmp_path / "*.csv")]
    assert [e["user_id"] for e in read(connection, tmp_path, events=given)] == ["c", "a", "b"]


def test_files_with_different_columns_are_united_by_name(connection, tmp_path):
    first = write(tmp_path / "a.csv", "user_id,item_id,timestamp,x\nu1,i1,1,7\n")
    second = write(tmp_path / "b.csv", "timestamp,user_id,item_id\n2,u2,i2\n")
    found = read(connection, tmp_path, events=[first, second])
    assert [(e["user_id"], e["x"]) for e in found] == [("u1", "7"), ("u2", None)]


@pytest.mark.parametrize("name", ["a[1].csv", "a*b.csv", "a b.csv", "\u00fc'.csv"])
def test_odd_file_names_are_read(connection, tmp_path, name):
    assert len(read(connection, tmp_path, events=csv(tmp_path / name))) == 2


@pytest.mark.parametrize("name", [b"e-\xff.csv", b"e-\xff.parquet"])
def test_a_file_whose_name_is_not_utf8_is_refused_by_name(connection, tmp_path, name):
    csv(tmp_path / os.fsdecode(name))
    with pytest.raises(DataError, match=r"`data\.files\.events`: .*e-\\xff\.\w+ is not UTF-8"):
        read(connection, tmp_path, events=str(tmp_path / "e-*"))


def test_a_file_that_is_not_there_names_the_nearest(connection, tmp_path):
    csv(tmp_path / "events.csv")
    with pytest.raises(DataError, match=r"no file matches.*Did you mean `events\.csv`\?"):
        read(connection, tmp_path, events=str(tmp_path / "event.csv"))


def test_a_missing_file_of_movielens_tells_where_to_get_it(connection, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parts = (
        r"`data\.files\.events`: no file matches `ml-100k/u\.data` in .*ml-100k\.zip.*--set data"
    )
    with pytest.raises(DataError, match=parts) as error:
        read(connection, tmp_path, events="ml-100k/u.data")
    assert "u.data, u.item, u.user are in" in str(error.value)
    assert str(tmp_path) in str(error.value)


def test_no_file_at_all_is_refused(connection, tmp_path):
    with pytest.raises(DataError, match=r"`data\.files\.events` names no file"):
        read(connection, tmp_path)


def test_an_unknown_ending_asks_for_the_format(connection, tmp_path):
    with pytest.raises(DataError, match=r"does not tell its format.*set `format`"):
        read(connection, tmp_path, events=csv(tmp_path / "events.log"))


def test_a_column_named_twice_is_refused(connection, tmp_path):
    path = write(tmp_path / "e.csv", "user_id,item_id,User_ID\nu,i,1\n")
    with pytest.raises(DataError, match="names the column `user_id` twice"):
        read(connection, tmp_path, events=path)


def test_a_header_in_another_encoding_is_refused(connection, tmp_path):
    path = write(tmp_path / "e.csv", "user_id,item_id,timestamp,caf\u00e9\nu,i,1,x\n", "latin-1")
    with pytest.raises(DataError, match="header is not utf-8"):
        read(connection, tmp_path, events=path)


def test_a_broken_parquet_file_is_an_error_of_the_data(prepare_lines):
    with pytest.raises(DataError, match="the source `files` cannot be read"):
        prepare_lines(b"PAR1 and then nothing", name="events.parquet")


def test_a_broken_line_of_jsonl_is_quarantined(prepare_lines, rows, log):
    objects = [
        dict(zip(("user_id", "item_id", "timestamp"), x.split(","), strict=True)) for x in log
    ]
    lines = [json.dumps(record) for record in objects]
    content = "\n".join([*lines, '{"user_id": "u1", "it']).encode()
    dataset = prepare_lines(content, name="events.jsonl")
    [row] = rows(dataset, "quarantine")
    assert (row["reason"], row["source_row"]) == ("unreadable record", 51)


def test_mixed_types_in_jsonl_are_read_as_text(connection, tmp_path):
    path = write(
        tmp_path / "e.jsonl",
        '{"user_id": 7, "item_id": "a", "timestamp": 1}\n'
        '{"user_id": "x", "item_id": 2, "timestamp": "2"}\n',
    )
    found = read(connection, tmp_path, events=path)
    assert [str(e["user_id"]) for e in found] == ["7", '"x"']  # JSON; validation takes the quotes


def test_mixed_types_in_jsonl_become_plain_ids(prepare_lines, rows, log):
    objects = [
        dict(zip(("user_id", "item_id", "timestamp"), x.split(","), strict=True)) for x in log
    ]
    objects[0]["user_id"] = 7
    dataset = prepare_lines("\n".join(map(json.dumps, objects)).encode(), name="events.jsonl")
    assert {r["user_id"] for r in rows(dataset, "users")} == {"7", "u0", "u1", "u2", "u3", "u4"}


def test_a_recbole_header_without_types_is_refused(connection, tmp_path):
    path = write(tmp_path / "e.inter", "user_id\titem_id:token\nu\ti\n")
    with pytest.raises(DataError, match="`user_id` is no RecBole column"):
        read(connection, tmp_path, events=path)


def test_recbole_types_give_numbers_lists_and_text(connection, tmp_path):
    header = "user_id:token\titem_id:token\ttimestamp:float\tp:float\tv:float_seq\tt:token_seq\n"
    path = write(tmp_path / "e.inter", header + "u\ti\t1\t2.5\t1 2\ta b\n")
    [event] = read(connection, tmp_path, events=path)
    assert (event["p"], event["v"], event["t"]) == (2.5, [1.0, 2.0], "a b")


def test_a_broken_rating_in_recbole_is_not_lost(prepare_lines, rows, log):
    lines = ["\t".join([*line.split(","), "5"]) for line in log] + ["u1\ti1\t1600000000\tgood"]
    header = "user_id:token\titem_id:token\ttimestamp:float\trating:float"
    dataset = prepare_lines(lines, header=header, name="events.inter")
    assert [row["reason"] for row in rows(dataset, "quarantine")] == ["unparsable value"]


FLAGS = "0|0|0|1|0|1" + "|0" * 13


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "u.item",
            f"1|Caf\u00e9 (1995)|01-Jan-1995||http://x|{FLAGS}\n",
            {"title": "Caf\u00e9", "year": 1995, "genres": "Animation|Comedy"},
        ),
        (
            "movies.dat",
            "1::Toy Story (1995)::Animation|Comedy\n",
            {"title": "Toy Story", "year": 1995, "genres": "Animation|Comedy"},
        ),
        (
            "movies.csv",
            'movieId,title,genres\n1,"Story, A (1995)",Drama\n',
            {"title": "Story, A", "year": 1995, "genres": "Drama"},
        ),
        ("movies.dat", "1::No Year::Drama\n", {"title": "No Year", "year": None}),
    ],
)
def test_movielens_items_have_title_year_and_genres(connection, tmp_path, name, content, expected):
    encoding = "utf-8" if name.endswith(".csv") else "latin-1"
    items = write(tmp_path / name, content, encoding)
    options = files.Options(
        events=csv(tmp_path / "e.csv"), items=items, item_table={"format": "movielens"}
    )
    raw = files.read(options, connection, tmp_path, 0)
    [item] = connection.sql(f'FROM "{raw.items}"').to_arrow_table().to_pylist()
    assert item["item_id"] == "1"
    assert {key: item[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("u.data", "7\t1\t4\t881250949\n"),
        ("ratings.dat", "7::1::4::881250949\n"),
        ("ratings.csv", "userId,movieId,rating,timestamp\n7,1,4,881250949\n"),
    ],
)
def test_movielens_ratings_are_read(connection, tmp_path, name, content):
    path = write(tmp_path / name, content)
    [event] = read(connection, tmp_path, events=path, event_table={"format": "movielens"})
    found = [event[c] for c in ("user_id", "item_id", "value", "timestamp")]
    assert found == ["7", "1", "4", "881250949"]


def test_an_unknown_movielens_file_lists_the_known_ones(connection, tmp_path):
    path = write(tmp_path / "x.csv", "a\n1\n")
    with pytest.raises(DataError, match=r"none of the files of MovieLens, u\.data"):
        read(connection, tmp_path, events=path, event_table={"format": "movielens"})


def test_the_content_hash_follows_the_file(tmp_path):
    options = files.Options(events=csv(tmp_path / "e.csv"))
    before = files.content_hash(options, 0)
    assert files.content_hash(options, 0) == before
    write(tmp_path / "e.csv", "\n".join(LINES) + "\nu9,i9,1,1\n")
    assert files.content_hash(options, 0) != before
