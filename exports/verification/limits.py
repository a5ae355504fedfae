"""What a process that opens a bundle may use of the machine."""

import os
import resource
from dataclasses import dataclass
from typing import Self

_BASE_BYTES = 8 << 30  # TensorFlow takes 3.4 GB of addresses with two processors, little of it used
_BYTES_A_PROCESSOR = 512 << 20  # its threads: stacks, and pools of memory
_TIMES_ON_DISK = 8
_FILES = 1_024
_FILE_BYTES = 4_096  # Python writes a few into the folder of temporary files, to see that it can
_SECONDS = 600


@dataclass(frozen=True)
class Limits:
    """Limits of the child process.

    Attributes:
        memory_bytes: address space.
        seconds: that it may take, and use of each processor.
        files: open at a time.
        file_bytes: that it may write into one file.
    """

    memory_bytes: int
    seconds: int = _SECONDS
    files: int = _FILES
    file_bytes: int = _FILE_BYTES

    @classmethod
    def of(cls, bytes_on_disk: int, seconds: int = _SECONDS) -> Self:
        """Room for TensorFlow itself, and for a bundle of some bytes a few times over."""
        base = _BASE_BYTES + _BYTES_A_PROCESSOR * (os.cpu_count() or 1)
        return cls(base + _TIMES_ON_DISK * bytes_on_disk, seconds)

    def apply(self) -> None:
        """Bind this process to the limits, for good."""
        _lower(resource.RLIMIT_AS, self.memory_bytes)
        _lower(resource.RLIMIT_CPU, self.seconds * (os.cpu_count() or 1))
        _lower(resource.RLIMIT_NOFILE, self.files)
        _lower(resource.RLIMIT_FSIZE, self.file_bytes)


def _lower(kind: int, limit: int) -> None:
    """Set a limit, never above one that is set already."""
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(kind, (limit, limit))
