"""SavedModels as protocol buffers: read, never loaded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exports.verification.check import EXPORT_AGAIN, refuse
from tfrs_models.backend import tf

FILE = "saved_model.pb"


@dataclass(frozen=True)
class Model:
    """One SavedModel of a bundle.

    Attributes:
        name: its folder in the bundle, `.` for the root.
        file: path of its `saved_model.pb` in the bundle.
        meta: its `MetaGraphDef`.
        functions: the `FunctionDef` of its library by name.
    """

    name: str
    file: str
    meta: Any
    functions: Mapping[str, Any]

    def nodes(self) -> Iterator[Any]:
        """Every node: of the graph, and of all functions of the library."""
        yield from self.meta.graph_def.node
        for function in self.functions.values():
            yield from function.node_def


def read_models(bundle: Path) -> list[Model]:
    """All SavedModels below a folder, by name.

    Raises:
        ArtifactError: one is no protocol buffer, or does not hold one graph for serving.
    """
    return [_read(bundle, path) for path in sorted(bundle.rglob(FILE))]


def _read(bundle: Path, path: Path) -> Model:
    from google.protobuf import message  # type: ignore[import-untyped]

    file = path.relative_to(bundle).as_posix()
    try:
        graphs = _message().FromString(path.read_bytes()).meta_graphs
    except message.DecodeError as error:
        raise refuse(file, "must be a SavedModel", str(error), EXPORT_AGAIN) from error
    if [list(graph.meta_info_def.tags) for graph in graphs] != [["serve"]]:
        tags = "; ".join(",".join(graph.meta_info_def.tags) for graph in graphs) or "none"
        raise refuse(
            file, "must hold one graph, with the tag `serve`", f"the graphs `{tags}`", EXPORT_AGAIN
        )
    library = graphs[0].graph_def.library.function
    functions = {function.signature.name: function for function in library}
    return Model(path.parent.relative_to(bundle).as_posix(), file, graphs[0], functions)


def _message() -> Any:
    # The backend first: it decides which Keras TensorFlow takes when it is imported.
    assert tf.__version__  # noqa: S101
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    return SavedModel
