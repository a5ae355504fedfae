"""File systems of fsspec that fail, damage what they store, or let somebody come between."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from exports.publishing.object_store import ObjectStore

CALLS = ("ls", "find", "cat_file", "pipe_file", "open", "put_file", "get_file", "rm_file")
"""What an `ObjectStore` asks of a file system."""


@dataclass
class Watched:
    """A file system; `before` and `after` hear of each call: its name and its arguments."""

    filesystem: Any
    before: Callable[..., None] = lambda *_: None
    after: Callable[..., None] = lambda *_: None

    def __getattr__(self, name: str) -> Any:
        """The method of the file system, watched if it reaches the store."""
        method = getattr(self.filesystem, name)
        if name not in CALLS:
            return method

        def call(*arguments: Any, **options: Any) -> Any:
            self.before(name, *arguments)
            answer = method(*arguments, **options)
            self.after(name, *arguments)
            return answer

        return call


def watched(store: ObjectStore, **hooks: Callable[..., None]) -> ObjectStore:
    """The same store, watched."""
    return replace(store, filesystem=Watched(store.filesystem, **hooks))


def failing(at: int) -> Callable[..., None]:
    """A hook that fails at the call of that number, from 0, and at all that follow."""
    calls = iter(range(at))

    def fail(*_: object) -> None:
        if next(calls, None) is None:
            raise ConnectionError("the store is gone")

    return fail
