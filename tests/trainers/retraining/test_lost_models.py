"""A folder of models that was lost, or is another one."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.ledgers import run, version
from support.publishing import make_bundle

from configs.errors import ArtifactError
from exports.publishing import store
from trainers.retraining.ledger import runs, versions
from trainers.retraining.ledger.database import open_ledger
from trainers.retraining.lost_models import refuse_lost_models
from trainers.retraining.state import State


@pytest.fixture
def state(ledger: sqlite3.Connection, tmp_path: Path) -> State:
    """Two versions, published and noted."""
    found = State(tmp_path, tmp_path / "models", "shop", ledger)
    for number in (1, 2):
        store.publish(make_bundle(tmp_path / str(number), str(number)), found.base, "shop")
        runs.begin(ledger, run(number))
        versions.commit(ledger, version(number), ())
    return found


def elsewhere(state: State, *bundles: str) -> State:
    """The same ledger with another folder of models, to which bundles were published."""
    found = State(state.folder, state.folder / "elsewhere", "shop", state.ledger)
    for text in bundles:
        store.publish(make_bundle(state.folder / f"other-{text}", text), found.base, "shop")
    return found


def test_the_folder_that_it_was_published_to_is_right(state: State) -> None:
    refuse_lost_models(state)


def test_a_folder_that_was_rolled_back_is_right(state: State) -> None:
    store.rollback(state.base, "shop")
    refuse_lost_models(state)


def test_a_version_that_was_published_by_hand_is_no_fault(state: State) -> None:
    store.publish(make_bundle(state.folder / "hand", "by hand"), state.base, "shop")
    refuse_lost_models(state)


@pytest.mark.parametrize("last", [0, 1])
def test_a_folder_that_counts_from_below_is_refused_with_the_ways_out(
    state: State, last: int
) -> None:
    other = elsewhere(state, *"ab"[:last])
    said = f"has published version 2, but the last number of {other.base / 'shop'} is {last}, "
    with pytest.raises(ArtifactError, match=re.escape(said)) as raised:
        refuse_lost_models(other)
    ways_out = ("put it back", "`retraining.publish_to`", "another `name`", str(state.folder))
    assert all(words in str(raised.value) for words in ways_out)


def test_without_a_version_any_folder_is_right(tmp_path: Path) -> None:
    with closing(open_ledger(tmp_path / "ledger.db")) as ledger:
        state = State(tmp_path, tmp_path / "models", "shop", ledger)
        refuse_lost_models(state)
        refuse_lost_models(elsewhere(state, "a"))
