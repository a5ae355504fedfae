"""The one door to TensorFlow: lazy, on the Keras that TFRS needs, with one check.

`from tfrs_models.backend import tf, tfrs` costs nothing until the first attribute is read.
"""

import importlib
import os
import sys
from functools import cache
from typing import Any

from configs.errors import EnvironmentFault


@cache
def _load(name: str) -> Any:
    _prepare()
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise EnvironmentFault(
            f"`{name}` cannot be imported: {error}. Install the project's requirements again; "
            "`tfrs doctor` names what is wrong."
        ) from error
    if not module_keras_is_legacy():
        raise EnvironmentFault(
            "TensorFlow was imported with Keras 3 before tfrs_models. Set TF_USE_LEGACY_KERAS=1 "
            "in the environment, or import tfrs_models.backend before tensorflow."
        )
    return module


def _prepare() -> None:
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def module_keras_is_legacy() -> bool:
    """Whether the TensorFlow in this process runs on tf_keras."""
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is None or str(tensorflow.keras.Model.__module__).startswith("tf_keras")


class _Lazy:
    """A module that is imported when its first attribute is read."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(_load(self._name), attribute)


tf: Any = _Lazy("tensorflow")
tfrs: Any = _Lazy("tensorflow_recommenders")
