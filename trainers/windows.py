"""Parts of the training events that fit into memory, and the windows that batches are made of.

A window is a stretch of one user's positive events. Users with more events than fit have as many
windows as would cover them, each placed at random at every step, so each event is visited about
once an epoch.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainers.positives import Positives

CONTEXT = "context/"
"""Before the names of context features among the columns of a part."""


@dataclass(frozen=True)
class Part:
    """Whole users with consecutive events.

    Attributes:
        first_user: index of the first user.
        last_user: one past the index of the last.
        windows: number of their windows.
    """

    first_user: int
    last_user: int
    windows: int


def split_users(found: Positives, width: int, resident_events: int) -> list[Part]:
    """Parts of about equal size that hold at most `resident_events`, or one user.

    Args:
        found: the events.
        width: places of a window.
        resident_events: largest number of events in a part.
    """
    total = int(found.offsets[-1])
    number = -(-total // resident_events)
    goals = total * np.arange(1, number) // number
    cuts = np.unique(np.searchsorted(found.offsets, goals, "left").clip(1, len(found.users)))
    edges = sorted({0, *cuts.tolist(), len(found.users)})
    windows = window_counts(found.offsets, width)
    return [
        Part(first, last, int(windows[first:last].sum()))
        for first, last in itertools.pairwise(edges)
    ]


def window_counts(offsets: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Windows of each user: events divided by places, rounded up."""
    counts: NDArray[np.int64] = -(-np.diff(offsets) // width)
    return counts


def part_columns(
    found: Positives, part: Part, width: int, context: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """The columns of one part; places count from its first event.

    Args:
        found: the events.
        part: which users.
        width: places of a window.
        context: encoded context features of all events of the dataset.

    Returns:
        `item`, `moment`, `seconds`, `type`, `weight` by event, `context/NAME` by event, and by
        window `user` (rows), `first` and `last` (the user's first place, and one past the last).
    """
    offsets = found.offsets[part.first_user : part.last_user + 1]
    first, last = int(offsets[0]), int(offsets[-1])
    owner = np.repeat(np.arange(len(offsets) - 1), window_counts(offsets, width))
    relative = (offsets - first).astype(np.int32)
    columns: dict[str, NDArray[Any]] = {
        "item": found.item[first:last],
        "moment": (found.moment[first:last] - first).astype(np.int32),
        "seconds": found.seconds[first:last],
        "type": found.type[first:last].astype(np.int32),
        "weight": found.weight[first:last],
        "user": found.users[part.first_user : part.last_user][owner],
        "first": relative[:-1][owner],
        "last": relative[1:][owner],
    }
    of_event = found.event[first:last]
    return columns | {f"{CONTEXT}{name}": column[of_event] for name, column in context.items()}


@dataclass(frozen=True)
class Stretch:
    """Consecutive steps within one part.

    Attributes:
        part: index of the part.
        salt: sets its order apart from that of every other stretch.
        first_step: the step it starts at.
        last_step: one past its last step.
    """

    part: int
    salt: int
    first_step: int
    last_step: int


class PartOrder:
    """Which part trains at which step: every part once an epoch, in a seeded order.

    Args:
        steps: steps of each part.
        seed: seed of the order.
    """

    def __init__(self, steps: Sequence[int], seed: int) -> None:
        self._steps = list(steps)
        self._seed = seed
        self.steps_per_epoch = sum(steps)

    def stretch(self, step: int) -> Stretch:
        """The stretch that a step lies in."""
        epoch, within = divmod(step, self.steps_per_epoch)
        order = np.random.default_rng((self._seed, epoch)).permutation(len(self._steps))
        ends = np.cumsum([self._steps[part] for part in order])
        place = int(np.searchsorted(ends, within, "right"))
        part = int(order[place])
        last = epoch * self.steps_per_epoch + int(ends[place])
        return Stretch(part, epoch * len(order) + part, last - self._steps[part], last)
