"""Stretches of time that the ranker learns from, each seen from its beginning.

What lies before a window is known: the retrieval is trained on it, histories and statistics end
with it. What lies in the window are the labels. What lies after it does not exist.
"""

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from configs.errors import ConfigError
from tfrs_models.data.dataset import FIRST_ROW, TEST, TRAIN, UNKNOWN_ROW, VALIDATION
from tfrs_models.data.statistics import item_statistics
from trainers.retrieval import Material

LATER = 3
"""The split of events that a window must not see."""
DEFAULT_WINDOWS = 4

_LEAST_KNOWN = 0.25
"""Share of the training events that must lie before the first window."""


@dataclass(frozen=True)
class Window:
    """One stretch of time.

    Attributes:
        material: its events before the window are TRAIN, those in it VALIDATION, others LATER; ids
            that training has not seen are unknown.
        start: microseconds since 1970 UTC; statistics are those of this moment.
        end: nothing at or after it decides a label.
        listed: bool [N], the catalogue: items with an event before the end of the window.
        statistics: float32 [N, S], see `tfrs_models.data.statistics`.
    """

    material: Material
    start: int
    end: int
    listed: NDArray[np.bool_]
    statistics: NDArray[np.float32]


def ranking_windows(material: Material) -> list[Window]:
    """The windows of a run, the earliest first; the last one is the validation part.

    Raises:
        ConfigError: several are asked for, and the split is not one in time.
    """
    events = material.dataset.events
    wanted = material.config.ranking.windows
    end = _end(material)
    start = int(events.time[events.split == VALIDATION].min(initial=end))
    if not _in_time(material):
        if wanted is not None and wanted > 1:
            raise ConfigError(
                f"`ranking.windows` is {wanted}, and the split "
                f"`{material.config.data.split.type}` is not one in time: leave it out, or choose "
                "`data.split.type: global_temporal`"
            )
        return [_validation_window(material, end)]
    starts = [start - place * (end - start) for place in range(wanted or DEFAULT_WINDOWS)]
    known = np.sort(events.time[events.learned])
    enough = [s for s in starts if np.searchsorted(known, s) >= _LEAST_KNOWN * len(known)]
    starts = [*sorted({*enough, start}), end]
    return [window_between(material, a, b) for a, b in itertools.pairwise(starts)]


def window_of_test(material: Material) -> Window:
    """The test part: training and validation events are known, and the whole catalogue."""
    events = material.dataset.events
    known = np.where(events.split == VALIDATION, np.int8(TRAIN), events.split)
    evaluated = np.where(known == TEST, np.int8(VALIDATION), known)
    moved = _with_split(material, evaluated)
    start = int(events.time[events.split == TEST].min(initial=int(events.time.max()) + 1))
    everything = np.ones(material.dataset.num_items, np.bool_)
    return _seen_from(
        moved, start, int(events.time.max()) + 1, everything, np.flatnonzero(known == TRAIN)
    )


def _in_time(material: Material) -> bool:
    """Whether train, validation and test follow each other."""
    events = material.dataset.events
    parts = [events.time[events.split == part] for part in (TRAIN, VALIDATION, TEST)]
    parts = [part for part in parts if len(part)]
    return all(a.max() <= b.min() for a, b in itertools.pairwise(parts))


def _end(material: Material) -> int:
    """Just past the last validation event: the first test event must decide nothing."""
    events = material.dataset.events
    return int(events.time[events.split <= VALIDATION].max()) + 1


def _validation_window(material: Material, end: int) -> Window:
    """The validation part of a split that is not one in time."""
    events = material.dataset.events
    split = np.where(events.split == TEST, np.int8(LATER), events.split)
    moved = _with_split(material, split)
    learned = np.flatnonzero(events.split == TRAIN)
    return _seen_from(moved, end, end, _appeared(material, split <= VALIDATION), learned)


def window_between(material: Material, start: int, end: int) -> Window:
    """The events from `start` to before `end`, microseconds since 1970, as one window."""
    time = material.dataset.events.time
    split = np.select([time < start, time < end], [TRAIN, VALIDATION], LATER).astype(np.int8)
    moved = _only_trained_ids(_with_split(material, split))
    learned = np.flatnonzero(split == TRAIN)
    return _seen_from(moved, start, end, _appeared(material, split <= VALIDATION), learned)


def _seen_from(
    material: Material, start: int, end: int, listed: NDArray[np.bool_], known: NDArray[np.intp]
) -> Window:
    events = material.dataset.events
    positive = known[events.weight[known] > 0]
    statistics = item_statistics(
        events.item[positive], events.time[positive], material.dataset.num_items, start
    )
    return Window(material, start, end, listed, statistics)


def _appeared(material: Material, until: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Items with one of the events: a catalogue holds what is about to be sold, as in the test."""
    listed = np.zeros(material.dataset.num_items, np.bool_)
    listed[material.dataset.events.item[until]] = True
    return listed


def _with_split(material: Material, split: NDArray[np.int8]) -> Material:
    dataset = material.dataset
    return replace(material, dataset=replace(dataset, events=replace(dataset.events, split=split)))


def _only_trained_ids(material: Material) -> Material:
    """Users and items without a training event are unknown, as new ones will be."""
    events, encoded = material.dataset.events, material.encoded
    learned = events.learned
    user = _masked(encoded.user["user_id"], events.user[learned])
    item = _masked(encoded.item["item_id"], events.item[learned])
    return replace(
        material,
        encoded=replace(
            encoded,
            user={**encoded.user, "user_id": user},
            item={**encoded.item, "item_id": item},
        ),
    )


def _masked(ids: NDArray[np.int32], trained: NDArray[np.int32]) -> NDArray[np.int32]:
    known = np.zeros(len(ids), np.bool_)
    known[trained] = True
    known[:FIRST_ROW] = True
    return np.where(known[:, np.newaxis], ids, np.int32(UNKNOWN_ROW))
