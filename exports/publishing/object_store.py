"""A place in an object store, by any file system that fsspec knows (extra `object-store`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Self

from configs.errors import ConfigError, EnvironmentFault
from exports.manifest import FileEntry, file_entry


@dataclass(frozen=True)
class ObjectStore:
    """The objects below one path. Listings are never taken from a cache.

    Attributes:
        filesystem: of fsspec.
        root: the path, as the file system writes it.
        url: the same for people.
    """

    filesystem: Any
    root: str
    url: str

    def below(self, name: str) -> Self:
        """The objects below a longer path."""
        return type(self)(self.filesystem, self._path(name), f"{self.url}/{name}")

    def folders(self) -> list[str]:
        """The names that something lies below, sorted.

        Raises:
            EnvironmentFault: the store does not answer, or refuses, or has no such bucket.
        """
        self.filesystem.invalidate_cache()
        with _reaching(self.url):
            try:
                found = self.filesystem.ls(self.root, detail=True)
            except FileNotFoundError:
                return []
        return sorted(PurePosixPath(i["name"]).name for i in found if i["type"] == "directory")

    def names(self) -> list[str]:
        """All objects at any depth, by their path below this one, sorted."""
        self.filesystem.invalidate_cache()
        prefix = self._path("")
        found = self.filesystem.find(self.root)
        return sorted(path.removeprefix(prefix) for path in found if path.startswith(prefix))

    def read(self, name: str) -> bytes | None:
        """The content of an object; None where there is none.

        Raises:
            EnvironmentFault: the store does not answer, or refuses, or has no such bucket.
        """
        self.filesystem.invalidate_cache()
        with _reaching(self.url):
            try:
                content: bytes = self.filesystem.cat_file(self._path(name))
            except FileNotFoundError:
                return None
        return content

    def write(self, name: str, content: bytes) -> None:
        """Put an object, or another in its place, at once where the store can.

        Raises:
            EnvironmentFault: the store does not answer, or refuses, or has no such bucket.
        """
        with _reaching(self.url):
            self.filesystem.pipe_file(self._path(name), content)

    def entry(self, name: str) -> FileEntry:
        """Size and hash of an object, of what the store gives out."""
        with self.filesystem.open(self._path(name), "rb") as file:
            return file_entry(file)

    def upload(self, path: Path, name: str) -> None:
        """Put a file."""
        self.filesystem.put_file(str(path), self._path(name))

    def download(self, name: str, path: Path) -> None:
        """Get an object as a file, whose folder is made."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.filesystem.get_file(self._path(name), str(path))

    def delete(self, name: str) -> None:
        """Delete an object."""
        self.filesystem.rm_file(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"


@contextmanager
def _reaching(url: str) -> Iterator[None]:
    """Say how to mend what keeps a store from being used; every command begins with such a call."""
    try:
        yield
    except Exception as error:  # the packages of stores have exceptions of their own
        raise EnvironmentFault(
            f"{url} cannot be used ({type(error).__name__}: {error}): check the address, the "
            "credentials and the network, and run the command again."
        ) from error


def open_store(url: str, **options: Any) -> ObjectStore:
    """The object store that an address names; nothing is read yet.

    Args:
        url: such as `s3://bucket/models` or `gs://bucket/models`.
        options: of fsspec's file system, such as `endpoint_url`; it finds credentials itself.

    Raises:
        ConfigError: the address has a protocol that fsspec does not know.
        EnvironmentFault: fsspec, or its part for the protocol, is not installed.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise EnvironmentFault(
            "fsspec cannot be imported: install the extra `object-store`, as in `pip install "
            "tfrs-two-stage[object-store]`, or give a folder."
        ) from error
    if url.startswith("file://"):
        options = {"auto_mkdir": True, **options}
    try:
        filesystem, root = url_to_fs(url, **options)
    except ImportError as error:
        raise EnvironmentFault(
            f"{url} cannot be opened ({error}): install the package of its store beside "
            "tfrs-two-stage[object-store], such as `pip install s3fs` for s3:// or `pip install "
            "gcsfs` for gs://."
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"the base {url} must begin with a protocol that fsspec knows ({error}): give one such "
            "as s3://bucket/models or gs://bucket/models, or a folder."
        ) from error
    return ObjectStore(filesystem, root.rstrip("/"), url.rstrip("/"))
