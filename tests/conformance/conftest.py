"""The bundle under test: a small one, or the one that the variable `BUNDLE` names."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from support.bundles import make_run
from support.c_program import compiled


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = os.environ.get("BUNDLE")
    return (
        Path(named)
        if named
        else make_run(tmp_path_factory.mktemp("run"), export={"scann_model": True}).bundle
    )


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in C."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    if sys.platform != "linux":
        pytest.skip("the wheel's C library is that of Linux")
    return compiled(tmp_path_factory.mktemp("program"))
