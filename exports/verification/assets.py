"""The files that a model names: all of them inside its own folder."""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from exports.verification.check import EXPORT_AGAIN, refuse
from exports.verification.graphs import callees, node_name
from exports.verification.ops import TABLE_FROM_FILE
from exports.verification.protos import Model

_OF_A_VARIABLE = {"AssignVariableOp", "DisableCopyOnRead", "ReadVariableOp", "VarIsInitializedOp"}
_CALLS = {"PartitionedCall", "StatefulPartitionedCall"}


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
    sources = _given_by_callers(model, name, _input(node, 1)) if name else [_input(node, 1)]
    for source in map(node_name, sources):
        if source not in assets and not _reads_asset(source, nodes, assets):
            raise refuse(
                model.file,
                "may read tables only from its own assets",
                f"another file in the node `{node.name}`",
                EXPORT_AGAIN,
            )


def _given_by_callers(model: Model, name: str, argument: str) -> list[str]:
    """What the calls of the function give for the argument; "" where that cannot be told."""
    arguments = [one.name for one in model.functions[name].signature.input_arg]
    everywhere = [node for node in model.nodes() if name in callees(node)]
    graph = [node for node in model.meta.graph_def.node if name in callees(node)]
    plain = len(graph) == len(everywhere) and {node.op for node in graph} <= _CALLS
    if argument not in arguments or not plain:
        return [""]
    return [_input(node, arguments.index(argument)) for node in graph]


def _reads_asset(name: str, nodes: Mapping[str, Any], assets: set[str]) -> bool:
    """Whether the node reads a variable that can hold nothing but an asset's path."""
    if name not in nodes or nodes[name].op != "ReadVariableOp":
        return False
    variable = node_name(_input(nodes[name], 0))
    users = [node for node in nodes.values() if variable in map(node_name, node.input)]
    given = {node_name(_input(node, 1)) for node in users if node.op == "AssignVariableOp"}
    return {node.op for node in users} <= _OF_A_VARIABLE and bool(given) and given <= assets


def _input(node: Any, place: int) -> str:
    return node.input[place] if place < len(node.input) else ""
