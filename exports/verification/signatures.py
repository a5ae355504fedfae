"""What a model promises to take and to give, read from its file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from configs.formula import SCORE
from exports.requests.answers import COUNT, ITEM_ID
from exports.requests.asked import K
from exports.savedmodels import (
    CANDIDATE_EMBEDDING,
    ITEM_STATISTICS,
    QUERY_EMBEDDING,
    RETRIEVAL_SCORE,
)
from exports.signatures import SIGNATURE
from exports.verification.check import EXPORT_AGAIN, refuse
from exports.verification.protos import Model
from tfrs_models.backend import tf

_INIT = "__saved_model_init_op"

Names = frozenset[str]


@dataclass(frozen=True)
class TensorType:
    """One named input or output.

    Attributes:
        dtype: such as `float32`.
        shape: sizes, None where any goes; None when even their number is open.
    """

    dtype: str
    shape: tuple[int | None, ...] | None

    def __str__(self) -> str:
        if self.shape is None:
            return f"{self.dtype} [...]"
        return f"{self.dtype} [{', '.join('?' if n is None else str(n) for n in self.shape)}]"


@dataclass(frozen=True)
class ModelSignature:
    """One function of a model.

    Attributes:
        inputs: by name.
        outputs: by name.
    """

    inputs: Mapping[str, TensorType]
    outputs: Mapping[str, TensorType]


@dataclass(frozen=True)
class _Demand:
    """Names that a model must have at its place.

    Attributes:
        inputs: some of its inputs.
        outputs: some of its outputs, or all of them.
        only: whether there may be no other outputs.
    """

    inputs: Names
    outputs: Names
    only: bool = False


_DEMANDS: Mapping[str, _Demand] = {
    ".": _Demand(frozenset({K}), frozenset({ITEM_ID, COUNT, SCORE})),
    "models/embed_query": _Demand(frozenset(), frozenset({QUERY_EMBEDDING}), only=True),
    "models/embed_candidate": _Demand(
        frozenset({ITEM_ID}), frozenset({CANDIDATE_EMBEDDING}), only=True
    ),
    "models/rank": _Demand(
        frozenset({ITEM_ID, ITEM_STATISTICS, RETRIEVAL_SCORE}), frozenset({SCORE})
    ),
}

NEEDED = ("models/embed_candidate", "models/embed_query")
"""Models that every bundle has."""


def signatures_of(model: Model) -> dict[str, ModelSignature]:
    """The functions of a model by name."""
    return {
        name: ModelSignature(_types(signature.inputs), _types(signature.outputs))
        for name, signature in sorted(model.meta.signature_def.items())
        if name != _INIT
    }


def check_signatures(model: Model) -> dict[str, ModelSignature]:
    """Refuse a model without `serving_default`, with a fixed batch, or at another model's place.

    Returns:
        The signatures by name.

    Raises:
        ArtifactError: names the signature and the tensor.
    """
    found = signatures_of(model)
    if SIGNATURE not in found:
        raise refuse(
            model.file,
            f"must have the signature `{SIGNATURE}`",
            ", ".join(f"`{name}`" for name in found) or "none",
            EXPORT_AGAIN,
        )
    for name, signature in found.items():
        _check_tensors(model, name, signature)
    _check_demand(model, found[SIGNATURE])
    return found


def _check_tensors(model: Model, name: str, signature: ModelSignature) -> None:
    if not signature.inputs or not signature.outputs:
        raise refuse(model.file, f"must name inputs and outputs of `{name}`", "none", EXPORT_AGAIN)
    for tensor, kind in [*signature.inputs.items(), *signature.outputs.items()]:
        if kind.shape is None or (kind.shape and kind.shape[0] is not None):
            raise refuse(
                model.file,
                f"must leave the batch dimension of `{tensor}` of `{name}` open",
                f"`{kind}`",
                EXPORT_AGAIN,
            )


def _check_demand(model: Model, signature: ModelSignature) -> None:
    demand = _DEMANDS.get(model.name)
    if demand is None:
        return
    inputs, outputs = signature.inputs.keys(), signature.outputs.keys()
    wrong = outputs != demand.outputs if demand.only else not demand.outputs <= outputs
    if wrong or not demand.inputs <= inputs:
        raise refuse(
            model.file,
            f"must give {_listed(demand.outputs)} and take {_listed(demand.inputs) or 'any'}",
            f"a model that gives {_listed(outputs)} and takes {_listed(inputs)}",
            f"another model lies there: {EXPORT_AGAIN}",
        )


def _listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _types(tensors: Mapping[str, Any]) -> dict[str, TensorType]:
    return dict(_type(name, info) for name, info in sorted(tensors.items()))


def _type(name: str, info: Any) -> tuple[str, TensorType]:
    dtype = _type_name(info.dtype)
    if info.tensor_shape.unknown_rank:
        return name, TensorType(dtype, None)
    return name, TensorType(dtype, tuple(_sizes(info.tensor_shape)))


def _type_name(number: int) -> str:
    try:
        return str(tf.dtypes.as_dtype(number).name)
    except TypeError:
        return f"unknown type {number}"


def _sizes(shape: Any) -> Iterator[int | None]:
    for dim in shape.dim:
        yield None if dim.size < 0 else int(dim.size)
