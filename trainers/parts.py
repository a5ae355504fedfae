"""Parts of the training data as tensors: the one that trains, and the next, read meanwhile."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from numpy.typing import NDArray

from tfrs_models.backend import tf

Columns = Mapping[str, NDArray[Any]]


class Parts:
    """Loads parts on demand and keeps at most two.

    Args:
        readers: a function for each part that reads its columns.
    """

    def __init__(self, readers: Sequence[Callable[[], Columns]]) -> None:
        self._readers = readers
        self._loaded: dict[int, Future[Mapping[str, Any]]] = {}
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="parts")

    def tensors(self, part: int, following: int) -> Mapping[str, Any]:
        """The columns of a part as tensors; starts reading the part that follows."""
        wanted = {part, following}
        self._loaded = {p: f for p, f in self._loaded.items() if p in wanted}
        for one in (part, following):
            if one not in self._loaded:
                self._loaded[one] = self._reading.submit(self._read, one)
        return self._loaded[part].result()

    def _read(self, part: int) -> Mapping[str, Any]:
        return {name: tf.constant(column) for name, column in self._readers[part]().items()}
