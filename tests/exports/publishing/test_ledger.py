import json
from pathlib import Path

import pytest

from configs.errors import ArtifactError
from exports.publishing.ledger import Ledger, Record, read_ledger, write_ledger


def record(version: int) -> Record:
    return Record(version=version, manifest_sha256=f"hash{version}", bytes=1, published="now")


def ledger(versions: int, **values: object) -> Ledger:
    records = tuple(record(version) for version in range(1, versions + 1))
    return Ledger.model_validate({"last": versions, "records": records, **values})


def test_where_nothing_was_published_the_ledger_is_empty(tmp_path: Path) -> None:
    assert read_ledger(tmp_path) == Ledger()


def test_a_ledger_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = ledger(3, stable=2, canary=3, history=(1,)).without([])
    write_ledger(written, tmp_path)
    assert read_ledger(tmp_path) == written
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"format": 1, "surprise": 0}'])
def test_a_damaged_ledger_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "ledger.json").write_text(text)
    with pytest.raises(ArtifactError, match=r"(?s)ledger\.json is damaged .*put it back"):
        read_ledger(tmp_path)


def test_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.json").write_text('{"format": 2}')
    with pytest.raises(ArtifactError, match=r"`format` of .* is 2, this program reads 1"):
        read_ledger(tmp_path)


@pytest.mark.parametrize(
    "values", [{"stable": 4}, {"canary": 0}, {"history": [9]}, {"last": 2}, {"last": -1}]
)
def test_a_ledger_that_contradicts_itself_is_refused(
    tmp_path: Path, values: dict[str, object]
) -> None:
    raw = json.loads(ledger(3, stable=3).model_dump_json()) | values
    (tmp_path / "ledger.json").write_text(json.dumps(raw))
    with pytest.raises(ArtifactError, match="is damaged"):
        read_ledger(tmp_path)


def test_a_number_twice_is_refused(tmp_path: Path) -> None:
    raw = json.loads(ledger(2).model_dump_json())
    raw["records"] += raw["records"]
    (tmp_path / "ledger.json").write_text(json.dumps(raw))
    with pytest.raises(ArtifactError, match="rising versions"):
        read_ledger(tmp_path)


def test_a_new_stable_version_leaves_the_former_in_the_history() -> None:
    after = ledger(2, stable=2, history=(1,)).with_stable(2)
    assert (after.stable, after.history) == (2, (1,))
    added = Ledger(last=3, records=(record(1), record(2)), stable=2, history=(1,))
    after = added.with_record(record(3), "stable")
    assert (after.stable, after.history) == (3, (1, 2))


def test_moving_back_forgets_what_came_after() -> None:
    after = ledger(4, stable=4, history=(1, 2, 3)).with_stable(2)
    assert (after.stable, after.history) == (2, (1,))


def test_moving_forward_again_can_be_taken_back() -> None:
    after = ledger(4, stable=2, history=(1,)).with_stable(4)
    assert (after.stable, after.history) == (4, (1, 2))


def test_a_canary_leaves_stable_alone_and_goes_when_it_becomes_stable() -> None:
    added = Ledger(last=2, records=(record(1),), stable=1).with_record(record(2), "canary")
    assert (added.stable, added.canary) == (1, 2)
    assert added.with_stable(2).canary is None
    assert added.with_stable(1).canary == 2


def test_surplus_spares_labels_and_the_way_back() -> None:
    # The newest two are 6 and 7; of the others 5 is stable, 2 the canary and 3 the way back.
    assert ledger(7, stable=5, canary=2, history=(1, 3)).surplus(2) == [1, 4]
    assert ledger(2).surplus(5) == []


def test_deleted_versions_keep_their_record_and_leave_the_history() -> None:
    after = ledger(3, stable=3, history=(1, 2)).without([1])
    assert after.published == (2, 3)
    assert len(after.records) == 3
    assert after.history == (2,)


@pytest.mark.parametrize(
    ("label", "manifest", "version"),
    [
        ("stable", "hash1", 1),
        ("canary", "hash1", 1),
        ("canary", "hash2", 2),
        ("stable", "hash2", None),
        ("stable", "hash3", None),
    ],
)
def test_a_bundle_that_has_its_label_is_known(label, manifest, version) -> None:  # type: ignore[no-untyped-def]
    assert ledger(3, stable=1, canary=2).labelled(manifest, label) == version


def test_a_record_says_when_a_label_left_it() -> None:
    before = ledger(4, stable=2, canary=3, history=(1,)).taking(5)
    after = before.with_record(record(5), "canary").with_stable(1)
    # 3 was the canary until 5 came, 2 was stable until 1 was again; 4 never had a label here.
    assert [one.unpointed for one in after.records] == [0, 5, 5, 0, 0]


def test_a_version_rests_while_keep_versions_come() -> None:
    records = tuple(
        record(version).model_copy(update={"unpointed": unpointed})
        for version, unpointed in ((1, 2), (2, 4), (3, 3), (4, 0), (5, 0))
    )
    # Of the surplus 1, 2 and 3: after 2 came 3, 4, 5; after 4 came 5; after 3 came 4 and 5.
    assert Ledger(last=5, records=records, stable=5).rested(2) == [1, 3]


def test_a_version_that_comes_back_takes_its_place_among_the_others() -> None:
    after = ledger(3, stable=3).without([2]).with_record(record(2), "stable")
    assert (after.published, after.stable, after.history) == ((1, 2, 3), 2, (3,))
