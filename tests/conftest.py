"""Settings of every test: TensorFlow is quiet, on legacy Keras, and sees no accelerator."""

import os
from collections import defaultdict
from pathlib import Path

import pytest

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")


_SECONDS = 10.0
"""What a slow test takes that does not say."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest files first, so that no process is left alone with one of them at the end."""
    seconds: defaultdict[Path, float] = defaultdict(float)
    for item in items:
        for mark in item.iter_markers("slow"):
            seconds[item.path] += mark.args[0] if mark.args else _SECONDS
    items.sort(key=lambda item: -seconds[item.path])
