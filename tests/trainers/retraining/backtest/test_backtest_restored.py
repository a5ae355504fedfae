"""What a model knows of a step that came after it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from support.datasets import make_dataset
from support.training import make_material

from tfrs_models.data.dataset import TEST, TRAIN
from tfrs_models.data.former import Former
from tfrs_models.data.statistics import STATISTICS
from trainers.retraining.backtest import score
from trainers.retraining.backtest.ground import Ground
from trainers.retraining.backtest.restored import Restored, as_exported, as_known
from trainers.retraining.backtest.schedule import full
from trainers.retraining.backtest.score import step_queries
from trainers.retraining.backtest.steps import Step
from trainers.retrieval import Material

SECOND = 1_000_000


@pytest.fixture
def material(tmp_path: Path) -> Material:
    """Six events, a second apart; the last two, with item c and user z, are the step."""
    dataset = make_dataset(
        tmp_path / "data",
        user=["x", "y", "x", "y", "x", "z"],
        item=["a", "a", "b", "b", "c", "a"],
        time=[1, 2, 3, 4, 5, 6],
        split=[TRAIN, TRAIN, TRAIN, TRAIN, TEST, TEST],
    )
    return make_material(dataset, tmp_path)[0]


def row(item: str) -> int:
    return {"a": 2, "b": 3, "c": 4}[item]


def test_items_that_came_after_the_training_are_not_listed(material: Material) -> None:
    # Trained before second 3: b came at 3, c at 5.
    window = as_exported(material, 3 * SECOND)
    assert np.flatnonzero(window.listed).tolist() == [row("a")]
    window = as_exported(material, 5 * SECOND)
    assert np.flatnonzero(window.listed).tolist() == [row("a"), row("b")]


def test_statistics_are_those_of_the_training(material: Material) -> None:
    events = STATISTICS.index("events")
    old, new = (as_exported(material, second * SECOND).statistics[:, events] for second in (3, 5))
    assert old[[2, 3, 4]].tolist() == [2, 0, 0]
    assert new[[2, 3, 4]].tolist() == [2, 2, 0]


def test_the_window_is_the_step(material: Material) -> None:
    window = as_exported(material, 3 * SECOND)
    assert (window.start, window.end) == (5 * SECOND, 6 * SECOND + 1)


def test_a_later_event_type_is_unknown(material: Material) -> None:
    # Ids of types in a history are codes plus 2, and 1 is the unknown type: its code is -1.
    material.dataset.events.type[-1] = 1
    former = Former(material.dataset.folder / "vocabularies", ("buy",))
    assert as_known(material.dataset, former).events.type.tolist() == [0, 0, 0, 0, 0, -1]


def test_later_users_and_items_have_no_id_of_their_own(material: Material, tmp_path: Path) -> None:
    (tmp_path / "user_id.txt").write_text("x\n")
    (tmp_path / "item_id.txt").write_text("a\nb\n")
    known = as_known(material.dataset, Former(tmp_path, ("buy",)))
    # Two rows are reserved.
    assert (known.known_users, known.known_items) == (3, 4)


def asked(folder: Path, learned: list[str], **evaluation: Any) -> list[str]:
    """Users of a sample of two of four, whose rows depend on who was learned."""
    users = ["a", "b", "c", "d"]
    dataset = make_dataset(
        folder / "data",
        user=[*learned, *users],
        item=["i"] * len(learned) + ["j"] * len(users),
        split=[TRAIN] * len(learned) + [TEST] * len(users),
    )
    material, _ = make_material(dataset, folder, evaluation=evaluation)
    names: Any = step_queries(Restored(material, None, None, None))[0]  # type: ignore[arg-type]
    return sorted(names)


def test_the_sample_of_users_is_the_same_for_every_model(tmp_path: Path) -> None:
    one = asked(tmp_path / "one", ["a", "b", "c", "d"], max_users=2)
    other = asked(tmp_path / "other", ["d"], max_users=2)
    assert one == other
    assert len(one) == 2


def test_without_a_limit_everybody_is_asked(tmp_path: Path) -> None:
    assert asked(tmp_path, ["a"]) == ["a", "b", "c", "d"]


def test_where_everybody_came_back_to_what_they_know_nobody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_dataset(
        tmp_path / "data", user=["x", "y", "x"], item=["a", "b", "a"], split=[TRAIN, TRAIN, TEST]
    )
    material, _ = make_material(dataset, tmp_path)
    found = Restored(material, None, None, None)  # type: ignore[arg-type]
    monkeypatch.setattr(score, "restored", lambda *_: found)
    step = Step(1, 0, SECOND)
    ground = Ground(material.config, tmp_path, tmp_path, [step], Console(quiet=True))
    scores = score.score_model(ground, full(step), step)
    assert len(scores.users) == 0
    assert {name: len(one) for name, one in scores.metrics.items()} == {
        "retrieval.ndcg@20": 0, "retrieval.recall@20": 0
    }  # fmt: skip
