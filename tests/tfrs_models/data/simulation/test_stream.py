import tracemalloc
from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest

from tfrs_models.data.simulation.log import Log, concatenate
from tfrs_models.data.simulation.options import Options
from tfrs_models.data.simulation.stream import stream
from tfrs_models.data.simulation.world import build_world

OPTIONS = Options(users=400, items=300, days=3)


@pytest.mark.parametrize("chunk", [1, 7, 64, 10**9])
def test_the_chunk_size_changes_no_event(chunk: int) -> None:
    options = Options(users=30, items=300, days=3) if chunk == 1 else OPTIONS
    world = build_world(options, seed=9)
    usual, other = (concatenate(list(stream(world, size))) for size in (500, chunk))
    for column in fields(Log):
        left, right = getattr(usual, column.name), getattr(other, column.name)
        assert np.array_equal(left, right, equal_nan=column.name == "value"), column.name


def test_memory_does_not_grow_with_the_window() -> None:
    def peak(days: int) -> int:
        options = Options(users=2000, items=100, days=days, sessions_per_user=days / 2)
        world = build_world(options, seed=1)
        tracemalloc.start()
        for _ in stream(world, chunk=256):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(16) < 1.5 * peak(4)


def test_pieces_follow_each_other_in_time() -> None:
    world = build_world(OPTIONS, seed=9)
    pieces = [log for log in stream(world, 64) if len(log)]
    assert len(pieces) > 3
    assert all(a.time_us[-1] <= b.time_us[0] for a, b in pairwise(pieces))


@pytest.mark.parametrize(
    "options",
    [
        Options(users=50, items=2, days=2, categories=1, slots=100),
        Options(users=50, items=40, days=2, new_users=1.0),
        Options(users=50, items=40, days=3, new_items=1.0),
        Options(users=2, items=40, days=1, requests_per_session=1.0),
        Options(users=50, items=3, days=2, categories=1000, exploration_share=1.0),
        Options(users=50, items=40, days=2, popularity_share=1.0, exploration_share=0.0),
    ],
)
def test_extreme_worlds_run(options: Options) -> None:
    log = concatenate(list(stream(build_world(options, seed=3))))
    assert np.all((log.click_probability >= 0) & (log.click_probability <= 1))
    assert np.all((log.propensity > 0) & (log.propensity <= 1))
