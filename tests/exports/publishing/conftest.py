from collections.abc import Callable
from pathlib import Path

import pytest
from support.publishing import make_bundle

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
