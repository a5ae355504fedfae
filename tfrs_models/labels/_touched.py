"""What a label is computed from: the events by which users touched items in a stretch of time."""

from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from configs import plugins
from configs.section import Section
from tfrs_models.data.dataset import PreparedDataset


@dataclass(frozen=True)
class Touched:
    """Pairs of a user and an item with an event in a stretch of time.

    Attributes:
        user: int32 [M], rows of users, ascending.
        item: int32 [M], rows of items, ascending within a user.
        events: int64 [E], rows of the events, by pair and then by time.
        first: int64 [M + 1], place in `events` of each pair's first one.
        end: microseconds since 1970 UTC; nothing at or after it may decide a label.
    """

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    events: NDArray[np.int64]
    first: NDArray[np.int64]
    end: int

    def __len__(self) -> int:
        return len(self.user)

    @property
    def last_events(self) -> NDArray[np.int64]:
        """Row of the latest event of each pair: [M]."""
        return self.events[self.first[1:] - 1]

    def largest(self, values: NDArray[Any]) -> NDArray[Any]:
        """The largest of the events' values [E], by pair: [M]."""
        largest: NDArray[Any] = np.maximum.reduceat(values, self.first[:-1])
        return largest


def touched(dataset: PreparedDataset, chosen: NDArray[np.int64], end: int) -> Touched:
    """The pairs of some events.

    Args:
        dataset: the prepared dataset.
        chosen: rows of events, ascending.
        end: microseconds since 1970 UTC, past all of them.
    """
    events = dataset.events
    keys = events.user[chosen].astype(np.int64) * dataset.num_items + events.item[chosen]
    order = np.argsort(keys, kind="stable")  # events of a user ascend in time
    pairs, first = np.unique(keys[order], return_index=True)
    user, item = np.divmod(pairs, dataset.num_items)
    return Touched(
        user.astype(np.int32),
        item.astype(np.int32),
        chosen[order],
        np.append(first, len(order)).astype(np.int64),
        end,
    )


class Label(Protocol):
    """What the module of a label offers."""

    Options: type[Section]
    UNTOUCHED: float

    def labels(
        self, options: Any, dataset: PreparedDataset, touched: Touched
    ) -> NDArray[np.float32]:
        """Labels of the pairs, float32 [M]; NaN where one is not known."""


def label(name: str) -> Label:
    """The label called `name`.

    Raises:
        ConfigError: no such label.
    """
    return cast(Label, plugins.load("label", name))
