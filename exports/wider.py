"""Let an index that finds too little search more; it need not be built again."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.export import IndexConfig
from exports.index import Index, measure_recall, open_index
from exports.indexes import SETTINGS, read_settings, write_settings

_TIMES = (2, 4, 8, 16)
"""Past the last one nearly all is searched, and an index is of no use."""


@dataclass(frozen=True)
class Searched:
    """How much an index searches, and what it finds.

    Attributes:
        settings: of its searches, by the names of its options; only those that differ from what it
            was built with.
        recall: share of the exact top 100.
    """

    settings: Mapping[str, int]
    recall: float


def search_enough(
    config: IndexConfig,
    folder: Path,
    exact: Index,
    queries: NDArray[np.float32],
    min_recall: float,
) -> Searched:
    """Measure an index, and double what it searches until it finds enough, four times at most.

    Options that were given stay as they are.

    Args:
        config: what the index was built with.
        folder: of the index; what it searches is written there.
        exact: the exact index of the same candidates.
        queries: float32 [Q, D], real queries, Q > 0.
        min_recall: what is enough.
    """
    found = Searched({}, measure_recall(open_index(folder), exact, queries))
    built = read_settings(folder) if (folder / SETTINGS).exists() else {}
    free = _free(built, config.options)
    for times in _TIMES if free else ():
        if found.recall >= min_recall:
            break
        more = {name: size * times for name, size in free.items()}
        write_settings(folder, built | more)
        found = Searched(more, measure_recall(open_index(folder), exact, queries))
    return found


def _free(built: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, int]:
    """The sizes among the settings that no option has fixed."""
    sizes = {name: size for name, size in built.items() if type(size) is int}
    return {name: size for name, size in sizes.items() if options.get(name) is None}
