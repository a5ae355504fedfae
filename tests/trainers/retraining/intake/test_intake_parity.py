"""Late, repeated and shuffled events leave the log of the clean ones."""

import random

import pytest
from support.intake import events

FILES = 6
HOUR = 3600


def disturbed(seed):
    """Clean events, and the same in files: 5% up to six hours late, 5% twice, all shuffled."""
    draw = random.Random(seed)
    clean = events(800, step=180)  # 40 hours
    arrivals = [
        (row[2] + draw.uniform(0, 5.9 * HOUR) * (draw.random() < 0.05), row) for row in clean
    ]
    arrivals += [(draw.uniform(when, when + 5 * HOUR), row) for when, row in arrivals[::20]]
    arrivals.sort()
    size = -(-len(arrivals) // FILES)
    files = [[row for _, row in arrivals[n : n + size]] for n in range(0, len(arrivals), size)]
    for file in files:
        draw.shuffle(file)
    return clean, files


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("at_once", [True, False])
def test_the_log_of_disturbed_files_is_that_of_clean_ones(shop, seed, at_once):
    clean, files = disturbed(seed)
    taken = []
    for number, rows in enumerate(files):
        shop.put(f"{number}.csv", rows)
        if not at_once:
            taken += shop.take().shards
    taken += shop.take().shards
    assert len(taken) == FILES
    assert sorted(shop.accepted()) == sorted(clean)
    assert sum(shard.duplicates for shard in taken) == 40  # 5% of 800
    assert sum(shard.late for shard in taken) == 0
