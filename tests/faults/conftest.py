"""A shop that is retrained by processes, shared by the tests that disturb them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import forked
from support.forked import Host
from support.retraining import Shop, open_shop
from support.retraining_processes import Retraining


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Forks processes."""
    with forked.host(tmp_path_factory.mktemp("outputs")) as made:
        yield made


@pytest.fixture(scope="session")
def first(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with 24 days and a published version."""
    shop = open_shop(tmp_path_factory.mktemp("first"))
    shop.bring(0, 24)
    ended = Retraining(host, shop).run()
    assert ended.code == 0, ended.output
    return shop


@pytest.fixture(scope="session")
def gated(host: Host, first: Shop, tmp_path_factory: pytest.TempPathFactory) -> Retraining:
    """The shop three days later, its run stopped after the gate. Take `restored` copies of it."""
    shop = Shop(tmp_path_factory.mktemp("gated") / "shop")
    shutil.copytree(first.folder, shop.folder)
    shop.bring(24, 27)
    retraining = Retraining(host, shop)
    ended = retraining.run_until_published_to()
    assert ended.code == -9, ended.output
    retraining.save()
    return retraining


@pytest.fixture
def copied(host: Host, first: Shop, tmp_path: Path) -> Retraining:
    """The shop with its first version."""
    shutil.copytree(first.folder, tmp_path / "shop")
    return Retraining(host, Shop(tmp_path / "shop"))


@pytest.fixture
def restored(gated: Retraining) -> Retraining:
    """A run that has only to publish. Its folder is the same each time, as is its content."""
    gated.restore()
    return gated
