import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from support import reloads
from support.bundles import Run
from support.publishing import FILES, make_bundle

from configs.errors import ArtifactError
from exports.hot_swap import HotSwap, Polled, replay_recorded
from exports.loader import load_model
from exports.manifest import read_manifest, write_manifest
from exports.publishing.in_use import is_in_use
from exports.publishing.store import publish, rollback

RELOADS = 200
SETTLED = 20


class Text:
    """A model of one word, which must not be read after it was closed."""

    def __init__(self, folder: Path) -> None:
        self.word = (folder / FILES[0]).read_text()
        self.closed = False

    def read(self) -> str:
        assert not self.closed
        return self.word

    def close(self) -> None:
        assert not self.closed
        self.closed = True


class Shop:
    """A base with one model, and everything that was opened of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.base = folder, folder / "base"
        self.opened: list[Text] = []
        self.warmed: list[tuple[str, str]] = []

    def add(self, word: str) -> int:
        return publish(make_bundle(self.folder / word, word), self.base)

    def load(self, folder: Path) -> Text:
        self.opened.append(Text(folder))
        if self.opened[-1].word == "broken":
            raise ArtifactError("it is broken")
        return self.opened[-1]

    def warm(self, text: Text, folder: Path) -> None:
        self.warmed.append((text.read(), folder.name))
        if text.word == "cold":
            raise ArtifactError("it answers otherwise")

    def swap(self) -> HotSwap[Text]:
        return HotSwap(self.base, "shop", self.load, Text.close, self.warm)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path)
    made.add("one")
    return made


@pytest.fixture
def swap(shop: Shop) -> Iterator[HotSwap[Text]]:
    made = shop.swap()
    yield made
    made.close()


def answer(swap: HotSwap[Text]) -> tuple[str, int]:
    with swap.current() as (text, version):
        return text.read(), version


def test_a_swap_is_seen_by_the_next_lease(shop: Shop, swap: HotSwap[Text]) -> None:
    assert answer(swap) == ("one", 1)
    shop.add("two")
    assert answer(swap) == ("one", 1)
    assert swap.poll() == Polled(2, 2)
    assert answer(swap) == ("two", 2)
    rollback(shop.base, "shop")
    assert swap.poll() == Polled(1, 1)
    assert answer(swap) == ("one", 1)


def test_an_old_lease_still_answers(shop: Shop, swap: HotSwap[Text]) -> None:
    with swap.current() as (old, _):
        shop.add("two")
        swap.poll()
        assert old.read() == "one"


def test_the_old_one_is_closed_and_free_after_its_last_lease(
    shop: Shop, swap: HotSwap[Text]
) -> None:
    with swap.current() as (old, _):
        with swap.current():
            shop.add("two")
            swap.poll()
        assert not old.closed
        assert is_in_use(shop.base / "shop", 1)
    assert old.closed
    assert not is_in_use(shop.base / "shop", 1)


def test_without_leases_the_old_one_is_closed_by_the_poll(shop: Shop, swap: HotSwap[Text]) -> None:
    shop.add("two")
    swap.poll()
    assert [text.closed for text in shop.opened] == [True, False]


def test_a_lease_ends_with_an_error_too(shop: Shop, swap: HotSwap[Text]) -> None:
    with pytest.raises(KeyError), swap.current():
        raise KeyError
    shop.add("two")
    swap.poll()
    assert shop.opened[0].closed


def test_a_version_is_warm_before_it_is_seen(shop: Shop, swap: HotSwap[Text]) -> None:
    shop.add("two")
    swap.poll()
    assert shop.warmed == [("one", "1"), ("two", "2")]


@pytest.mark.parametrize(
    ("word", "fault"), [("broken", "it is broken"), ("cold", "it answers otherwise")]
)
def test_a_failing_version_leaves_the_old_one(
    shop: Shop, swap: HotSwap[Text], word: str, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    shop.add(word)
    assert swap.poll() == Polled(1, 2, f"ArtifactError: {fault}")
    assert answer(swap) == ("one", 1)
    assert not is_in_use(shop.base / "shop", 2)
    assert f"version 2 of shop is refused: ArtifactError: {fault}" in caplog.text


def test_a_refused_version_that_was_opened_is_closed(shop: Shop, swap: HotSwap[Text]) -> None:
    shop.add("cold")
    swap.poll()
    assert shop.opened[1].closed


def test_a_refused_version_is_tried_again_when_the_pointer_has_moved(
    shop: Shop, swap: HotSwap[Text]
) -> None:
    shop.add("broken")
    assert swap.poll() == swap.poll()
    assert len(shop.opened) == 2
    rollback(shop.base, "shop")
    assert swap.poll() == Polled(1, 1)
    rollback(shop.base, "shop", to=2)
    assert swap.poll().fault is not None
    assert len(shop.opened) == 3


def test_a_damaged_ledger_is_told_and_the_present_version_goes_on(
    shop: Shop, swap: HotSwap[Text]
) -> None:
    (shop.base / "shop" / "ledger.json").write_text("{")
    with pytest.raises(ArtifactError, match="is damaged"):
        swap.poll()
    assert answer(swap) == ("one", 1)


def test_a_lost_ledger_is_a_fault(shop: Shop, swap: HotSwap[Text]) -> None:
    (shop.base / "shop" / "ledger.json").unlink()
    version, stable, fault = swap.poll()
    assert (version, stable) == (1, None)
    assert fault is not None
    assert "has no stable version" in fault


def test_a_first_version_that_fails_is_an_error(shop: Shop) -> None:
    shop.add("broken")
    with pytest.raises(ArtifactError, match="it is broken"):
        shop.swap()
    assert not is_in_use(shop.base / "shop", 2)


def test_two_polls_open_a_version_once_and_no_lease_waits(shop: Shop, swap: HotSwap[Text]) -> None:
    opening, go_on = threading.Event(), threading.Event()
    load = swap._load

    def slow(folder: Path) -> Text:
        opening.set()
        assert go_on.wait(10)
        return load(folder)

    swap._load = slow
    shop.add("two")
    with ThreadPoolExecutor(2) as pool:
        polls = [pool.submit(swap.poll) for _ in range(2)]
        assert opening.wait(10)
        assert answer(swap) == ("one", 1)
        go_on.set()
        assert [poll.result() for poll in polls] == [Polled(2, 2)] * 2
    assert len(shop.opened) == 2


def test_readers_never_fail_while_versions_move(shop: Shop, swap: HotSwap[Text]) -> None:
    end = threading.Event()

    def read() -> set[tuple[str, int]]:
        seen = set()
        while not end.is_set():
            seen.add(answer(swap))
        return seen

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        for number in range(2, 10):
            assert shop.add(f"word {number}") == number
            swap.poll()
        end.set()
        seen = set().union(*(reader.result() for reader in readers))
    assert seen <= {("one", 1)} | {(f"word {number}", number) for number in range(2, 10)}
    assert len(seen) > 3
    assert [text.closed for text in shop.opened] == [True] * 8 + [False]


def test_a_closed_one_leases_no_more(shop: Shop) -> None:
    swap = shop.swap()
    with swap.current() as (text, _):
        swap.close()
        assert text.read() == "one"
    assert text.closed
    for use in (lambda: answer(swap), swap.poll, swap.close):
        with pytest.raises(RuntimeError, match="closed"):
            use()


def test_an_error_of_closing_is_no_error_of_the_request(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    swap = shop.swap()
    with swap.current() as (text, _):
        swap.close()
        text.closed = True  # closing again is refused
    assert "version 1 of shop does not close" in caplog.text
    assert not is_in_use(shop.base / "shop", 1)


def test_only_models_that_answer_as_recorded_pass(run: Run) -> None:
    models = {"models/embed_query": load_model(run.bundle / "models" / "embed_query")}
    replay_recorded(models, run.bundle)

    other = {
        name: replace(model, run=lambda *fed, run=model.run: [2 * one for one in run(*fed)])
        for name, model in models.items()
    }
    with pytest.raises(ArtifactError, match="query_embedding"):
        replay_recorded(other, run.bundle)


def test_a_bundle_without_recorded_requests_asks_for_nothing(tmp_path: Path) -> None:
    replay_recorded({}, tmp_path)


@pytest.mark.slow
def test_swapping_gives_the_memory_back(run: Run, tmp_path: Path) -> None:
    """In a process of its own, where nothing else takes or frees memory."""
    base, other = tmp_path / "base", tmp_path / "other"
    shutil.copytree(run.bundle, other)
    (other / "metrics.json").write_text("{}")
    write_manifest(read_manifest(other), other)
    assert [publish(bundle, base) for bundle in (run.bundle, other)] == [1, 2]
    command = [sys.executable, "-P", reloads.__file__, str(base), str(RELOADS)]
    path = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path)
    child = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, check=True
    )
    resident = [int(line) for line in child.stdout.split()]
    assert len(resident) == RELOADS
    assert resident[-1] < 1.05 * resident[SETTLED - 1]
