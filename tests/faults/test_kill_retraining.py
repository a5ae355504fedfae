"""Stop `tfrs retrain` wherever it stands, as often as one likes; it ends as if undisturbed."""

import random
import signal
from collections import Counter
from collections.abc import Iterator

import pytest
from support.forked import Fault, Kind
from support.retraining_processes import Reader, Retraining, assert_second_version_is_whole
from support.training import assert_same_numbers

from trainers.retraining.end import NOTHING_NEW, PUBLISHED

KINDS: tuple[Kind, ...] = ("kill", "kill", "full", "flush")
SHORTEST_SECONDS = 0.5
CODES: dict[Kind, int] = {"kill": -signal.SIGKILL, "full": 73, "flush": 73}


def faults(seed: int) -> Iterator[tuple[Fault, float]]:
    """Faults at later and later steps, so that a run makes progress, and seconds to the kill."""
    chance = random.Random(seed)
    step, seconds = 1, 6.0
    while True:
        yield Fault(chance.choice(KINDS), step), chance.uniform(SHORTEST_SECONDS, seconds)
        step += chance.randint(1, 4) if step < 60 else chance.randint(5, 30)
        seconds += 0.5


@pytest.mark.slow
def test_a_run_that_is_stopped_again_and_again_learns_what_an_undisturbed_one_learns(
    restored: Retraining, copied: Retraining
) -> None:
    assert restored.run().code == PUBLISHED
    copied.shop.bring(24, 27)
    stopped: Counter[Kind] = Counter()
    with Reader(copied.models) as reader:
        for fault, seconds in faults(seed=20):
            ended = copied.run(fault, seconds)
            if ended.code in (PUBLISHED, NOTHING_NEW):
                break
            assert ended.code in (CODES[fault.kind], CODES["kill"]), ended.output
            stopped["kill" if ended.code == CODES["kill"] else fault.kind] += 1
    assert stopped.total() >= 20
    assert stopped["kill"] >= 12
    assert stopped.keys() == set(KINDS)
    assert reader.faults == []
    assert len(reader.seen) == 2
    assert_second_version_is_whole(copied)
    assert_same_numbers(copied.learned(), restored.learned())
    assert copied.run().code == NOTHING_NEW


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "stride"), [("kill", 3), ("full", 10), ("flush", 10)])
def test_a_publication_that_is_stopped_everywhere_is_one_publication(
    kind: Kind, stride: int, restored: Retraining
) -> None:
    stopped = 0
    with Reader(restored.models) as reader:
        for step in range(1, 2_000, stride):
            ended = restored.run(Fault(kind, step))
            if ended.code in (PUBLISHED, NOTHING_NEW):
                break
            assert ended.code == CODES[kind], ended.output
            stopped += 1
    assert stopped > 100 / stride
    assert reader.faults == []
    assert len(reader.seen) == 2
    assert_second_version_is_whole(restored)
