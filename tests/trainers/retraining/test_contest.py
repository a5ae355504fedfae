"""What both models are asked: nothing that neither could know."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.datasets import make_dataset

from configs.errors import ArtifactError
from configs.run import RunConfig
from tfrs_models.data.dataset import TEST, TRAIN, VALIDATION, PreparedDataset
from tfrs_models.evaluation.queries import Queries
from trainers.retraining import contest
from trainers.retraining.contest import Champion, Former, Judged, judged
from trainers.retraining.gate.verdict import Check

NDCG = "ndcg@20"
EVENTS = [
    # Four users know a; somebody takes "late" before the window.
    *((user, "a", TRAIN, 1) for user in ("u", "v", "w", "x")),
    ("z", "late", VALIDATION, 1),
    # The window: "born" is met for the first time, "shown" was shown before and not taken.
    ("u", "shown", TRAIN, 0),
    ("u", "born", TEST, 1),
    ("u", "late", TEST, 1),
    ("v", "late", TEST, 1),
    ("w", "born", TEST, 1),
    ("x", "shown", TEST, 1),
]
ATTRIBUTES = {"untouched": {"category": "c"}}
LISTS = {
    "challenger": ["born", "late", "shown", "untouched"],
    "champion": ["late", "shown", "untouched"],
}


@pytest.fixture
def window(tmp_path: Path) -> PreparedDataset:
    user, item, split, weight = zip(*EVENTS, strict=True)
    return make_dataset(tmp_path / "data", user, item, split=split, weight=weight, items=ATTRIBUTES)


def ask(
    monkeypatch: pytest.MonkeyPatch,
    dataset: PreparedDataset,
    lists: dict[str, list[str]],
    **rules: Any,
) -> Judged:
    """The verdict on bundles that answer everybody with their list, with an older one if it has."""
    ids = contest.item_ids(dataset)

    @contextmanager
    def opened(bundle: Path, *_: Any) -> Iterator[str]:
        if not lists[bundle.name]:
            raise ArtifactError(f"{bundle.name} cannot be read")
        yield bundle.name

    def answers(name: str, queries: Queries, without: Sequence[str]) -> NDArray[np.int32]:
        rows = [ids.index(one) for one in lists[name] if one not in without]
        return np.tile(np.array(rows, np.int32), (len(queries), 1))

    passed = Check("verified", True, None, None, "")
    monkeypatch.setattr(contest, "loads", lambda _: passed)
    monkeypatch.setattr(contest, "open_bundle", opened)
    monkeypatch.setattr(contest, "ask_bundle", answers)
    monkeypatch.setattr(contest, "answer_times", lambda bundles, *_: [1.0] * len(bundles))
    monkeypatch.setattr(contest, "bytes_on_disk", lambda _: 1)
    monkeypatch.setattr(contest, "read_manifest", lambda _: SimpleNamespace(index_recall=1.0))
    gate = {"min_users": 1, "metrics": {NDCG: {"margin": 0.0}}, "slices": [], **rules}
    config = RunConfig.model_validate({"name": "hand", "retraining": {"gate": gate}})
    former = Former(Path("former"), version=1, since=2) if "former" in lists else None
    champion = Champion(Path("champion"), 3, {}, former)
    return judged(config, dataset, Path("challenger"), champion)


def measured(found: Judged, name: str) -> float | None:
    return next(check.measured for check in found.verdict.checks if check.name == name)


def test_an_item_that_was_born_in_the_window_decides_nothing(
    window: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ask(monkeypatch, window, LISTS)
    # W took nothing else, so that u, v and x are asked. Without "born" both have "late" first, and
    # "shown" second: ndcg 1, 1 and 1 / log2(3).
    assert (found.verdict.users, found.verdict.passed) == (3, True)
    assert found.means[NDCG] == pytest.approx((2 + 1 / np.log2(3)) / 3)
    assert measured(found, f"{NDCG}.not_worse") == 0
    # Both lists hold three of the five items.
    assert measured(found, "coverage") == pytest.approx(3 / 5)


def test_an_item_that_was_met_before_the_window_decides(
    window: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer, older = LISTS["champion"], ["untouched", "shown"]
    # Only the newer one knows "late", which u and v took; both have x's "shown" second.
    found = ask(monkeypatch, window, {"challenger": newer, "champion": older})
    assert found.verdict.passed
    found = ask(monkeypatch, window, {"challenger": older, "champion": newer})
    assert f"{NDCG}.not_worse" in [check.name for check in found.verdict.broken]


def test_the_report_says_how_much_is_left_out(
    window: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = ask(monkeypatch, window, LISTS).verdict.checks[-1]
    # Two of the five that were taken.
    assert (check.name, check.measured, check.decides) == ("first_met", 0.4, False)
    assert "1 items were first met in the window" in check.sentence
    assert "40.0% of all" in check.sentence


def test_a_window_of_nothing_but_new_items_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_dataset(tmp_path, ["u", "u"], ["a", "born"], split=[TRAIN, TEST])
    found = ask(monkeypatch, dataset, {"challenger": ["born"], "champion": ["a"]})
    assert [check.name for check in found.verdict.broken] == ["users"]
    assert (found.verdict.users, found.means) == (0, {})


DECLINED = {"challenger": ["untouched"], "champion": ["untouched"], "former": ["late", "shown"]}
"""What is served finds nothing any more, and no challenger is worse than it."""


def test_a_challenger_is_asked_beside_an_older_version_too(
    window: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ask(monkeypatch, window, DECLINED, max_champion_drop=None)
    assert [check.name for check in found.verdict.broken] == [f"{NDCG}.declining"]
    # The older one has u's and v's "late" first and x's "shown" second.
    check = found.verdict.broken[0]
    assert check.allowed == pytest.approx(-0.02 * (2 + 1 / np.log2(3)) / 3)
    assert "roll back to version 1" in check.sentence


def test_an_older_version_that_cannot_be_read_stops_nothing(
    window: PreparedDataset, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    found = ask(monkeypatch, window, DECLINED | {"former": []}, max_champion_drop=None)
    assert found.verdict.passed
    assert "version 1 is not looked back to: former cannot be read" in caplog.text


def test_without_the_rule_no_older_version_is_asked(
    window: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = {"max_champion_drop": None, "max_decline": None}
    assert ask(monkeypatch, window, DECLINED, **rules).verdict.passed
