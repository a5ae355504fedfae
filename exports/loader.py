"""Load a SavedModel for serving: own graph and session, a plain function on NumPy arrays.

`tf.saved_model.load` keeps memory of every model it ever loaded; a session gives it back.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from configs.errors import ArtifactError, ConfigError
from exports.scann_operations import MODEL, scann_operations
from exports.signatures import SIGNATURE
from tfrs_models.backend import tf


@dataclass(frozen=True)
class Input:
    """One named input.

    Attributes:
        dtype: `string`, `float32`, `int32` or `int64`.
        shape: sizes; None where any size goes.
    """

    dtype: str
    shape: tuple[int | None, ...]

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The input that a `tf.TensorSpec` describes."""
        return cls(spec.dtype.name, tuple(spec.shape))


@dataclass(frozen=True)
class LoadedModel:
    """A model as a function of named arrays; safe to call from several threads.

    Attributes:
        inputs: the named inputs.
        outputs: the names of the outputs.
        session: the TensorFlow session that holds it.
        run: from arrays in the order of `inputs` to arrays in the order of `outputs`.
    """

    inputs: Mapping[str, Input]
    outputs: tuple[str, ...]
    session: Any
    run: Any

    def __call__(self, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
        """Run the model.

        Args:
            arrays: one array for each of `inputs`; others are refused.

        Raises:
            ArtifactError: a name is missing or unknown: the caller belongs to another model.
            ConfigError: an array does not have the shape of its input.
            ValueError: a value cannot be cast to the type of its input.
        """
        if arrays.keys() != self.inputs.keys():
            raise ArtifactError(
                f"the model takes the inputs {', '.join(sorted(self.inputs))}, got "
                f"{', '.join(sorted(arrays))}. Use the item table and the models of one bundle."
            )
        results = self.run(*(_fed(arrays[name], name, one) for name, one in self.inputs.items()))
        return dict(zip(self.outputs, results, strict=True))

    def close(self) -> None:
        """Free the model; calls that are running are cancelled."""
        from tensorflow.python.framework.ops import dismantle_graph

        self.session.close()
        # The graph refers to itself, so it would stay until Python's next full collection, which
        # comes late and halts every thread. TensorFlow clears its own short-lived graphs like this.
        dismantle_graph(self.session.graph)


def load_model(folder: Path, threads: int = 0, signature: str = SIGNATURE) -> LoadedModel:
    """Load the model that lies in a folder.

    Args:
        folder: of the SavedModel.
        threads: threads inside one operation; 0 leaves the number to TensorFlow.
        signature: name of the function that is called.

    Raises:
        ArtifactError: no model lies there, or it cannot be read.
        EnvironmentFault: it is the model with ScaNN's operations, and they cannot be loaded.
    """
    # TensorFlow calls this loader deprecated, in favour of the one that leaks.
    tf.get_logger().setLevel(logging.ERROR)
    if folder.name == MODEL:
        scann_operations()
    session = _session(threads)
    try:
        with session.graph.as_default():
            meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(folder))
        chosen = _signature(meta, signature)
    except (OSError, RuntimeError, ValueError, tf.errors.OpError) as error:
        session.close()
        raise ArtifactError(
            f"no model can be loaded from {folder}: {error}. Export the bundle again."
        ) from error
    return _loaded(session, chosen)


def _signature(meta: Any, name: str) -> Any:
    if name not in meta.signature_def:
        raise ValueError(
            f"it has no signature `{name}`, but {', '.join(sorted(meta.signature_def))}"
        )
    return meta.signature_def[name]


def _session(threads: int) -> Any:
    config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=threads)
    config.gpu_options.allow_growth = True
    return tf.compat.v1.Session(graph=tf.Graph(), config=config)


def _loaded(session: Any, signature: Any) -> LoadedModel:
    inputs, outputs = dict(signature.inputs), dict(signature.outputs)
    run = _callable(
        session, [info.name for info in inputs.values()], [info.name for info in outputs.values()]
    )
    described = {name: _input(info) for name, info in inputs.items()}
    return LoadedModel(described, tuple(outputs), session, run)


def _callable(session: Any, feeds: list[str], fetches: list[str]) -> Any:
    """A function from arrays in the order of `feeds` to arrays in the order of `fetches`.

    The public `session.make_callable` goes through `session.run` where there are feeds: each call
    of a small query model took 0.6 ms instead of 0.26 ms. This is what it calls without feeds,
    which neither casts nor checks shapes, so `_fed` does.
    """
    from tensorflow.core.protobuf.config_pb2 import CallableOptions

    return session._make_callable_from_options(CallableOptions(feed=feeds, fetch=fetches))


def _fed(values: Any, name: str, described: Input) -> NDArray[Any]:
    """The values as the array that an input takes."""
    dtype = object if described.dtype == "string" else described.dtype
    array: NDArray[Any] = np.asarray(values, dtype)
    shape = described.shape
    if array.ndim != len(shape) or any(
        own not in (None, size) for own, size in zip(shape, array.shape, strict=True)
    ):
        raise ConfigError(
            f"the input `{name}` must have the shape {list(shape)} (None is any size), got "
            f"{list(array.shape)}: bring it into that shape."
        )
    return array


def _input(info: Any) -> Input:
    sizes = (dim.size for dim in info.tensor_shape.dim)
    shape = tuple(None if size < 0 else int(size) for size in sizes)
    return Input(tf.dtypes.as_dtype(info.dtype).name, shape)
