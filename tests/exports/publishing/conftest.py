from collections.abc import Callable
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from support.publishing import make_bundle

from exports.publishing import remote
from exports.publishing.object_store import ObjectStore, open_store
from exports.publishing.store import publish


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tmp_path / "base"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "bundle", "content")


@pytest.fixture
def add(tmp_path: Path, base: Path) -> Callable[..., int]:
    """Publishes a new bundle that holds a text."""

    def add(text: str, **options: object) -> int:
        return publish(make_bundle(tmp_path / "new" / text, text), base, **options)

    return add


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An empty base, in memory and in a folder by its address."""
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]
    url = {"memory": "memory://bucket/models", "file": f"file://{tmp_path}/bucket"}[request.param]
    return open_store(url)


@pytest.fixture
def put(tmp_path: Path, store: ObjectStore) -> Callable[..., int]:
    """Publishes a new bundle that holds a text to the object store."""

    def put(text: str, **options: object) -> int:
        return remote.publish(make_bundle(tmp_path / "new" / text, text), store, **options)

    return put
