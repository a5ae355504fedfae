"""The sizes that a model declares, so that loading it cannot ask for all memory there is."""

import math
from typing import Any

from exports.verification.check import refuse
from exports.verification.protos import Model

LIMIT_BYTES = 8 << 30
_TEXT_BYTES = 16  # of an empty text, at least


def check_sizes(model: Model, limit_bytes: int = LIMIT_BYTES) -> int:
    """Refuse constants and variables that are declared larger than a limit.

    Only the shape is read: a constant may state one value and a shape of a million million.

    Returns:
        The bytes of the largest one.

    Raises:
        ArtifactError: names the node, its bytes and the limit.
    """
    largest = 0
    for node in model.nodes():
        declared = _declared_bytes(node)
        if declared > limit_bytes:
            raise refuse(
                model.file,
                f"may declare tensors of {limit_bytes:,} bytes at most (`--limit-bytes`)",
                f"{declared:,} for `{node.name}`",
                "raise the limit if the machine has the memory, otherwise do not load the bundle",
            )
        largest = max(largest, declared)
    return largest


def _declared_bytes(node: Any) -> int:
    if node.op == "Const":
        value = node.attr["value"].tensor
        return _bytes(value.dtype, value.tensor_shape)
    if node.op == "VarHandleOp":
        return _bytes(node.attr["dtype"].type, node.attr["shape"].shape)
    return 0


def _bytes(dtype: int, shape: Any) -> int:
    from tfrs_models.backend import tf

    # Python's integers have no largest one. An open dimension, -1, declares nothing.
    values = math.prod(max(int(dim.size), 0) for dim in shape.dim)
    try:
        size = int(tf.dtypes.as_dtype(dtype).size)
    except TypeError:  # a number that is no type: loading refuses it
        size = 0
    return values * (size or _TEXT_BYTES)
