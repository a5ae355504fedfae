"""Write functions of raw columns as the signatures of one SavedModel."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfrs_models.backend import tf

SIGNATURE = "serving_default"

Tensors = Mapping[str, Any]


@dataclass(frozen=True)
class Signature:
    """A function and what it reads.

    Attributes:
        function: from tensors by column to tensors by name.
        inputs: tensor specs by column.
    """

    function: Callable[[Tensors], dict[str, Any]]
    inputs: Mapping[str, Any]


def save_signatures(
    signatures: Mapping[str, Signature], owners: Iterable[Any], folder: Path
) -> None:
    """Write the functions by name as one SavedModel, whose variables they share.

    Args:
        signatures: by the names under which servers find them.
        owners: the modules whose look-up tables the functions may read.
        folder: of the SavedModel.
    """
    traced = {name: _Traced(one) for name, one in signatures.items()}
    module = tf.Module()
    # Only what the functions read: a whole model and encoder would bring along every layer and
    # every vocabulary, and a server would load them all.
    module.weights = [_captured_variables(one.concrete) for one in traced.values()]
    module.tables = [_captured_tables(owners, one.concrete) for one in traced.values()]
    concrete = {name: one.concrete for name, one in traced.items()}
    tf.saved_model.save(module, str(folder), signatures=concrete)
    _name_inputs(folder, {name: one.columns for name, one in traced.items()})


class _Traced:
    """A signature as a concrete function, whose arguments have names that TensorFlow takes."""

    def __init__(self, signature: Signature) -> None:
        inputs = signature.inputs
        self.columns = {_argument(name, place): name for place, name in enumerate(inputs)}
        specs = {
            argument: tf.TensorSpec(inputs[column].shape, inputs[column].dtype)
            for argument, column in self.columns.items()
        }

        def by_column(**arguments: Any) -> dict[str, Any]:
            given = {self.columns[name]: tensor for name, tensor in arguments.items()}
            return signature.function(given)

        function = tf.function(by_column, autograph=False)
        self.concrete = function.get_concrete_function(**specs)


def _captured_variables(concrete: Any) -> list[Any]:
    """The variables in the order in which tracing met them; TensorFlow keeps them as a set."""
    place = {id(outer): place for place, (outer, _) in enumerate(concrete.graph.captures)}
    return sorted(concrete.variables, key=lambda variable: place[id(variable.handle)])


def _captured_tables(owners: Iterable[Any], concrete: Any) -> list[Any]:
    captured = {id(tensor) for tensor in concrete.captured_inputs}
    nodes = [node for owner in owners for node in tf.train.TrackableView(owner).descendants()]
    return [node for node in nodes if id(getattr(node, "resource_handle", None)) in captured]


def _argument(column: str, place: int) -> str:
    """A name that TensorFlow takes for an argument; it alters others, such as `unit price`."""
    return column if re.fullmatch("[A-Za-z][A-Za-z0-9_]*", column) else f"column_{place}_"


def _name_inputs(folder: Path, columns: Mapping[str, Mapping[str, str]]) -> None:
    """Give the inputs of the stored signatures the names of their columns."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    path = folder / "saved_model.pb"
    model = SavedModel.FromString(path.read_bytes())
    for name, of_signature in columns.items():
        inputs = model.meta_graphs[0].signature_def[name].inputs
        for argument, column in of_signature.items():
            if argument != column:
                inputs[column].CopyFrom(inputs[argument])
                del inputs[argument]
    path.write_bytes(model.SerializeToString(deterministic=True))
