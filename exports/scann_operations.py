"""ScaNN's operations for TensorFlow, which one model of a bundle may hold."""

from typing import Any

from configs.errors import EnvironmentFault
from tfrs_models.backend import tf

MODEL = "retrieve_scann"
"""Folder of that model, below `models/`."""


def scann_operations() -> Any:
    """ScaNN's TensorFlow operations; a model that holds them loads once this was called.

    Raises:
        EnvironmentFault: it cannot be imported.
    """
    try:
        from scann.scann_ops.py import scann_ops
    except (ImportError, tf.errors.NotFoundError) as error:
        raise EnvironmentFault(
            f"ScaNN's operations cannot be loaded ({error}): it has wheels for Linux on x86-64 and "
            "ARM only. Use the request model at the root of the bundle."
        ) from error
    return scann_ops
