import threading
from typing import Any

import numpy as np
import pytest

from trainers.parts import Parts


class Readers:
    """Readers that record who read what."""

    def __init__(self, number: int) -> None:
        self.read: list[tuple[int, str]] = []
        self.readers = [self._reader(part) for part in range(number)]

    def _reader(self, part: int) -> Any:
        def read() -> dict[str, Any]:
            self.read.append((part, threading.current_thread().name))
            return {"item": np.full(3, part)}

        return read


def values(parts: Parts, part: int, following: int) -> list[int]:
    found: list[int] = parts.tensors(part, following)["item"].numpy().tolist()
    return found


def test_a_part_is_read_as_tensors() -> None:
    assert values(Parts(Readers(3).readers), 2, 0) == [2, 2, 2]


def test_a_part_that_stays_is_read_once() -> None:
    readers = Readers(1)
    parts = Parts(readers.readers)
    first = parts.tensors(0, 0)
    assert parts.tensors(0, 0) is first
    assert len(readers.read) == 1


def test_the_next_part_is_read_beside_the_training() -> None:
    readers = Readers(3)
    parts = Parts(readers.readers)
    values(parts, 0, 1)
    values(parts, 1, 2)
    values(parts, 2, 0)
    assert [part for part, _ in readers.read[:3]] == [0, 1, 2]
    main = threading.main_thread().name
    assert all(thread != main for _, thread in readers.read)


def test_no_more_than_two_parts_are_held() -> None:
    parts = Parts(Readers(4).readers)
    for part in range(4):
        values(parts, part, (part + 1) % 4)
        assert len(parts._loaded) == 2


def test_the_fault_of_a_reader_is_raised_where_its_part_is_wanted() -> None:
    def broken() -> dict[str, Any]:
        raise OSError("no such file")

    with pytest.raises(OSError, match="no such file"):
        Parts([broken]).tensors(0, 0)
