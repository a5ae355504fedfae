"""The files that a model names: all of them inside its own folder."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from exports.verification.check import EXPORT_AGAIN, refuse
from exports.verification.graphs import node_name
from exports.verification.ops import TABLE_FROM_FILE
from exports.verification.protos import Model

_OF_A_VARIABLE = {"AssignVariableOp", "DisableCopyOnRead", "ReadVariableOp", "VarIsInitializedOp"}


def check_assets(model: Model, bundle: Path) -> int:
    """Refuse assets outside `assets/`, and tables that read another file than an asset.

    Returns:
        The number of assets.

    Raises:
        ArtifactError: names the asset, or the node that reads another file.
    """
    for asset in model.meta.asset_file_def:
        _check_name(model, asset.filename)
        if not (bundle / model.name / "assets" / asset.filename).is_file():
            raise refuse(
                model.file, "must have its assets beside it", f"no `{asset.filename}`", EXPORT_AGAIN
            )
    for name, node in _tables(model):
        _check_table(model, name, node)
    return len(model.meta.asset_file_def)


def _check_name(model: Model, name: str) -> None:
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name or "://" in name:
        raise refuse(model.file, "must name assets inside `assets/`", f"`{name}`", EXPORT_AGAIN)


def _tables(model: Model) -> Iterator[tuple[str, Any]]:
    """Nodes that fill a table from a file, with the function they stand in; "" is the graph."""
    places = {"": model.meta.graph_def.node}
    places |= {name: function.node_def for name, function in model.functions.items()}
    for name, nodes in places.items():
        yield from ((name, node) for node in nodes if node.op == TABLE_FROM_FILE)


def _check_table(model: Model, name: str, node: Any) -> None:
    """TensorFlow writes: asset -> variable -> argument of a function -> table."""
    assets = {node_name(asset.tensor_info.name) for asset in model.meta.asset_file_def}
    nodes = {one.name: one for one in model.meta.graph_def.node}
    sources = _callers(model, name, node.input[1]) if name else [node.input[1]]
    for source in sources:
        read = nodes.get(node_name(source or ""))
        if read is None or (read.name not in assets and not _reads_asset(read, nodes, assets)):
            raise refuse(
                model.file,
                "may read tables only from its own assets",
                f"another file in the node `{node.name}`",
                EXPORT_AGAIN,
            )


def _callers(model: Model, name: str, argument: str) -> list[str | None]:
    """What the calls of the function give for the argument; None where that cannot be told."""
    arguments = [one.name for one in model.functions[name].signature.input_arg]
    everywhere = [node for node in model.nodes() if _calls(node, name)]
    direct = [n for n in model.meta.graph_def.node if n.attr["f"].func.name == name]
    if argument not in arguments or len(direct) != len(everywhere):
        return [None]
    return [node.input[arguments.index(argument)] for node in direct]


def _calls(node: Any, name: str) -> bool:
    attributes = node.attr.values()
    named = (one.func.name for one in attributes)
    listed = (function.name for one in attributes for function in one.list.func)
    return name in {node.op, *named, *listed}


def _reads_asset(read: Any, nodes: dict[str, Any], assets: set[str]) -> bool:
    """Whether the node reads a variable that can hold nothing but an asset's path."""
    if read.op != "ReadVariableOp":
        return False
    variable = node_name(read.input[0])
    users = [n for n in nodes.values() if variable in map(node_name, n.input)]
    given = [node_name(n.input[1]) for n in users if n.op == "AssignVariableOp"]
    return {n.op for n in users} <= _OF_A_VARIABLE and bool(given) and {*given} <= assets
