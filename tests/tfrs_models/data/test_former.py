"""A dataset that continues another one: rows that do not move, and nothing left to validate."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from configs.data import DataConfig
from tfrs_models.data.dataset import FIRST_ROW, VALIDATION, PreparedDataset
from tfrs_models.data.former import Former
from tfrs_models.data.prepare import prepare

START, DAY = 1_600_000_000, 86_400
CUT = {"type": "global_temporal", "options": {"test_days": 1, "validation_days": 1}}


@pytest.fixture
def continued(tmp_path: Path) -> Any:
    """Prepare lines with or without a former dataset."""

    def run(
        lines: list[str], former: PreparedDataset | None = None, **data: Any
    ) -> PreparedDataset:
        path = tmp_path / "events.csv"
        path.write_text("\n".join(["user_id,item_id,timestamp,event_type", *lines, ""]))
        settings = {"source": "files", "files": {"events": str(path)}, "split": CUT, **data}
        settings["validation"] = {"min_events": 1}
        config = DataConfig.model_validate(settings)
        return prepare(config, 7, tmp_path / "datasets", former and Former.of(former))

    return run


def line(user: str, item: str, day: float, kind: str = "view") -> str:
    return f"{user},{item},{START + int(day * DAY)},{kind}"


OLD = [line("a", "x", 0), line("a", "y", 1), line("b", "x", 2), line("b", "z", 3.5)]
OLD += [line("b", "y", 4.5), line("a", "x", 6), line("b", "y", 5.5)]
NEW = [*OLD, *(line("c", "w", 6 + n / 10) for n in range(5)), line("a", "x", 9)]


def known(dataset: PreparedDataset, key: str) -> list[str]:
    return (dataset.folder / "vocabularies" / f"{key}.txt").read_text().splitlines()


def test_known_ids_keep_their_rows_and_new_ones_follow(continued: Any) -> None:
    old = continued(OLD)
    assert (known(old, "user_id"), known(old, "item_id")) == (["a", "b"], ["x", "y", "z"])
    new = continued(NEW, old)
    # By count alone the user c and the item w, with five events each, would be the first.
    assert known(new, "user_id") == ["a", "b", "c"]
    assert known(new, "item_id") == ["x", "y", "z", "w"]
    assert known(continued(NEW), "item_id")[0] == "w"


def test_a_known_id_without_events_keeps_its_row(continued: Any) -> None:
    old = continued(OLD)
    without = [one for one in NEW if ",x," not in one]
    new = continued([*without, line("a", "y", 9)], old)
    assert known(new, "item_id") == ["x", "y", "z", "w"]
    assert not (new.events.item == FIRST_ROW).any()


def test_new_ids_are_admitted_by_their_events(continued: Any) -> None:
    old = continued(OLD)
    new = continued([*NEW, line("a", "rare", 7)], old, min_item_events=2)
    assert known(new, "item_id") == ["x", "y", "z", "w"]
    assert new.num_items == new.known_items + 1


def test_what_would_validate_is_learned(continued: Any) -> None:
    old = continued(OLD)
    assert (old.events.split == VALIDATION).any()
    new = continued(NEW, old)
    assert not (new.events.split == VALIDATION).any()
    assert new.manifest["split"]["cuts"]["test_start"]


def test_event_types_keep_their_codes(continued: Any) -> None:
    old = continued([*OLD, line("a", "y", 0.5, "buy")])
    assert old.event_types == ("view", "buy")
    more = [line("a", "z", 7 + n / 100, "like") for n in range(20)]
    new = continued([*NEW, line("a", "y", 0.5, "buy"), *more], old)
    assert new.event_types == ("view", "buy", "like")


def test_the_former_rows_are_part_of_the_identity(continued: Any) -> None:
    old = continued(OLD)
    first = continued(NEW, old)
    assert continued(NEW).fingerprint != first.fingerprint


def test_a_dataset_that_continues_itself_has_the_same_rows(continued: Any) -> None:
    old = continued(NEW)
    again = continued(NEW, old)
    assert known(again, "item_id") == known(old, "item_id")
    np.testing.assert_array_equal(again.events.item, old.events.item)
