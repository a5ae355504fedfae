"""Serve the stable version of a published model, and follow it to the next without a pause."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from exports.loader import LoadedModel
from exports.publishing.layout import model_folder
from exports.publishing.ledger import read_ledger
from exports.publishing.reader import opened
from exports.verification.recordings import read_recordings
from exports.verification.replay import replay

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Lease(NamedTuple, Generic[T]):
    """What answers, and of which version it is."""

    value: T
    version: int


class Polled(NamedTuple):
    """What a poll found.

    Attributes:
        version: that answers now.
        stable: that the ledger names; None where it names none.
        fault: why the two differ; None when they do not.
    """

    version: int
    stable: int | None
    fault: str | None = None


@dataclass
class _Held(Generic[T]):
    """An opened version, and its uses: one by each lease, and one while it is the present one."""

    lease: Lease[T]
    free: ExitStack
    uses: int = 1


class HotSwap(Generic[T]):
    """The stable version of a model, opened: `current` leases it, `poll` replaces it.

    Both may be called from several threads. There is no thread of its own: who serves polls when
    it suits them. While versions change, both are in memory. A version is closed, and may be
    deleted, when it is not the present one any more and its last lease has ended.

    Args:
        base: folder of all published models.
        name: of the model.
        load: opens what lies in the folder of a version.
        close: frees it.
        warm: asks it requests before others do; an error refuses the version.

    Raises:
        ArtifactError: no version is stable, or its folder is missing.
        Exception: whatever `load` or `warm` raises: there is no earlier version to go on with.
    """

    def __init__(
        self,
        base: Path,
        name: str,
        load: Callable[[Path], T],
        close: Callable[[T], None],
        warm: Callable[[T, Path], None],
    ) -> None:
        self._base, self._name = base, name
        self._load, self._close, self._warm = load, close, warm
        self._polling = threading.Lock()
        self._lock = threading.Lock()  # of the two below, and of all `uses`; held for no work
        self._present: _Held[T] | None = self._open()
        version = self._present.lease.version
        self._last = Polled(version, version)

    @contextmanager
    def current(self) -> Iterator[Lease[T]]:
        """The present version; it answers until the block ends, whatever is published meanwhile.

        Raises:
            RuntimeError: `close` was called.
        """
        with self._lock:
            held = self._held()
            held.uses += 1
        try:
            yield held.lease
        finally:
            self._release(held)

    def poll(self) -> Polled:
        """Follow `stable` of the ledger if it has moved; leases that are asked for never wait.

        A new version that cannot be opened or fails on a request is refused: the present one goes
        on, and the refused one is not tried again until a poll finds `stable` moved. Where
        another thread polls already, this one waits for it.

        Raises:
            ArtifactError: the ledger is damaged; the present version goes on.
            RuntimeError: `close` was called.
        """
        with self._polling:
            present = self._held().lease.version
            stable = read_ledger(model_folder(self._base, self._name)).stable
            if stable == present:
                self._last = Polled(present, stable)
            elif stable != self._last.stable:
                self._last = self._follow(present, stable)
            return self._last

    def close(self) -> None:
        """Give the present version up; it is closed when its last lease ends."""
        with self._polling:
            with self._lock:
                held, self._present = self._held(), None
            self._release(held)

    def _follow(self, present: int, stable: int | None) -> Polled:
        try:
            new = self._open()
        except Exception as error:  # whatever is wrong with the new one, the old one goes on
            fault = f"{type(error).__name__}: {error}"
            _log.warning("version %s of %s is refused: %s", stable, self._name, fault)
            return Polled(present, stable, fault)
        with self._lock:
            old, self._present = self._held(), new
        self._release(old)
        return Polled(new.lease.version, new.lease.version)

    def _open(self) -> _Held[T]:
        with ExitStack() as stack:
            path, version = stack.enter_context(opened(self._base, self._name))
            value = self._load(path)
            stack.callback(self._close, value)
            self._warm(value, path)
            return _Held(Lease(value, version), stack.pop_all())

    def _held(self) -> _Held[T]:
        if self._present is None:
            raise RuntimeError("the models are closed: nothing can be leased or polled any more")
        return self._present

    def _release(self, held: _Held[T]) -> None:
        with self._lock:
            held.uses -= 1
            unused = held.uses == 0
        if not unused:
            return
        try:
            held.free.close()
        except Exception:  # the request whose lease was the last has its answer already
            _log.exception("version %s of %s does not close", held.lease.version, self._name)


def replay_recorded(models: Mapping[str, LoadedModel], bundle: Path) -> None:
    """Ask models the requests that were recorded with their bundle.

    Args:
        models: by their folder in the bundle, such as `models/rank`; `.` is the root. Requests to
            other models are left out.
        bundle: the folder.

    Raises:
        ArtifactError: a model fails, or answers otherwise than it did when it was exported.
    """
    recorded = read_recordings(bundle)
    for place, one in enumerate(recorded.requests if recorded else (), 1):
        if one.model in models:
            replay(models[one.model], one, place)
