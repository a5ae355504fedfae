"""What the FAISS indexes share: the library, a file, and a search with its settings."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import EnvironmentFault
from exports.indexes import Found, Search, read_settings, write_settings

_FILE = "index.faiss"

Settings = Mapping[str, Any]


def library() -> Any:
    """FAISS, on one thread while it builds, so that one seed gives one index.

    Raises:
        EnvironmentFault: it is not installed.
    """
    try:
        import faiss
    except ImportError as error:
        raise EnvironmentFault(
            "FAISS cannot be imported: install the extra `faiss`, as in `pip install "
            "tfrs-two-stage[faiss]`, or set `export.index.type: scann`."
        ) from error
    return faiss


def write(index: Any, embeddings: NDArray[np.float32], settings: Settings, folder: Path) -> None:
    """Train the index where it learns, fill it and write it, with the settings of its searches."""
    faiss = library()
    faiss.omp_set_num_threads(1)
    rows = np.ascontiguousarray(embeddings)
    if not index.is_trained:
        index.train(rows)
    index.add(rows)
    faiss.write_index(index, str(folder / _FILE))
    write_settings(folder, settings)


def opened(folder: Path, parameters: Callable[[Settings, int], Any]) -> Search:
    """A search of the index of a folder.

    Args:
        folder: what `write` filled.
        parameters: of a search, from the settings and `k`; None for an index without any.
    """
    settings = read_settings(folder)
    index = library().read_index(str(folder / _FILE))

    def search(queries: NDArray[np.float32], k: int) -> Found:
        scores, found = index.search(
            np.ascontiguousarray(queries), k, params=parameters(settings, k)
        )
        return found, np.where(found < 0, -np.inf, scores)

    return search
