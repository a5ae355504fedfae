from pathlib import Path
from typing import Any

import pytest
from support.bundles import make_run_dataset
from support.publishing import make_bundle

from configs.run import RunConfig
from exports.manifest import Manifest, read_manifest
from exports.model_card import Learned, model_card

METRICS = {
    "baselines.ease.recall@20": 0.25,
    "two_stage.recall@20": 0.75,
    "two_stage.coverage@20": 0.5,
    "slices.new_users.queries": 3,
    "slices.new_users.two_stage.recall@20": 0.375,
    "cold_start.new_items.queries": 4,
    "cold_start.new_items.two_stage.recall@20": 0.0625,
    "ranking.positive.ece": 0.0125,
    "candidates.10.recall": 0.8125,
}
LEARNED = Learned(users=1, items=1, popular_share=0.6875)
SECTIONS = ["Intended use", "Data", "Training", "Quality", "Parts of the test", "Cold start",
            "Popularity and spread", "Calibration", "Limits", "Versions"]  # fmt: skip


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Of 2 users, 3 items and 4 events, with 10 candidates."""
    return read_manifest(make_bundle(tmp_path / "bundle", "x"))


def card(manifest: Manifest, metrics: Any = METRICS, learned: Learned = LEARNED, **of: Any) -> str:
    return model_card(manifest.model_copy(update=of), RunConfig(), metrics, learned)


def titles(text: str) -> list[str]:
    return [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]


def test_begins_with_the_name_and_the_moment(manifest):
    assert card(manifest).startswith("# shop\n\nWritten 2026-01-01T00:00:00+00:00.\n")


def test_has_a_section_for_everything_that_was_measured(manifest):
    assert titles(card(manifest, versions={"numpy": "2.0"})) == SECTIONS


def test_what_was_not_measured_has_no_section(manifest):
    left = ["Intended use", "Data", "Training", "Limits"]
    assert titles(card(manifest, {})) == left


def test_tells_the_rows_and_how_many_have_an_id(manifest):
    text = card(manifest)
    assert "- Events: 4, 2025-01-01T00:00:00Z to 2025-12-31T00:00:00Z\n" in text
    assert "- Users: 2, 1 of them with an id of their own\n" in text
    assert "- Items: 3, 1 of them with an id of their own\n" in text


def test_tells_how_popular_the_popular_items_are_in_the_log(manifest):
    assert "popular items have 0.6875 of the training events" in card(manifest)


def test_a_log_without_training_events_has_no_popular_items(manifest):
    learned = Learned(users=0, items=0, popular_share=None)
    assert "of the training events\n" not in card(manifest, learned=learned)


def test_tells_what_the_models_do_not_know(manifest):
    # 3 items and 2 users, of which 1 each is known.
    assert "- Unknown or too rare at training: 2 items, 1 users. Only" in card(manifest)


def test_tells_how_old_the_statistics_are(manifest):
    assert "end with the data, at 2025-12-31T00:00:00Z" in card(manifest)


def test_tells_the_recall_of_the_index(manifest):
    assert "The index exact finds 0.9876 of" in card(manifest, index_recall=0.9876)


def test_tells_what_the_candidates_hold(manifest):
    assert "On average the 10 candidates of a request hold 0.8125 of" in card(manifest)


def test_another_number_of_candidates_was_not_measured(manifest):
    assert "candidates of a request hold" not in card(manifest, candidates=11)


def test_tells_the_versions(manifest):
    assert card(manifest, versions={"numpy": "2.0"}).endswith("## Versions\n\n- numpy 2.0\n")


def test_values_are_no_markdown(manifest):
    text = card(manifest, model_name="<b>|\n# x", versions={"a|b": "<i>"}, index="a*b*")
    assert text.startswith("# &lt;b&gt;\\| # x\n")
    assert "a\\|b &lt;i&gt;" in text
    assert "a\\*b\\*" in text


def test_counts_what_training_knew(tmp_path: Path):
    dataset = make_run_dataset(tmp_path)
    learned = Learned.of(dataset)
    assert (learned.users, learned.items) == (20, dataset.known_items - 2)


def test_the_popular_share_is_that_of_a_tenth_of_the_items(tmp_path: Path):
    dataset = make_run_dataset(tmp_path)
    # 20 users have 5 training events each: 100 of at most 30 items, the top tenth of which are 3.
    events = dataset.events
    counts: dict[int, int] = {}
    for item in events.item[events.learned].tolist():
        counts[item] = counts.get(item, 0) + 1
    assert len(counts) in range(21, 31)
    expected = sum(sorted(counts.values())[-3:]) / 100
    assert Learned.of(dataset).popular_share == pytest.approx(expected)
