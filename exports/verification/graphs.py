"""Which operations a graph holds, and which of them a request can reach."""

from collections.abc import Iterable, Iterator
from typing import Any

from exports.verification.check import EXPORT_AGAIN, refuse
from exports.verification.ops import ALLOWED, CHECKPOINT, SCANN, SCANN_MODEL
from exports.verification.protos import Model


def check_ops(model: Model) -> int:
    """Refuse operations that no exported model needs.

    Returns:
        The number of different operations.

    Raises:
        ArtifactError: names the first operation that is not allowed.
    """
    found = {node.op for node in model.nodes()}
    allowed = ALLOWED | SCANN if model.name == SCANN_MODEL else ALLOWED
    for op in sorted(found - allowed):
        where = f"only `{SCANN_MODEL}` may" if op in SCANN else "no exported model needs it"
        raise refuse(
            model.file,
            "may hold only the operations of `exports.verification.ops`",
            f"`{op}` ({where})",
            f"{EXPORT_AGAIN}; if a plug-in of yours needs it, add it there",
        )
    _check_checkpoint_ops(model)
    return len(found)


def _check_checkpoint_ops(model: Model) -> None:
    """Loading restores, and never saves; a request does neither."""
    saver = model.meta.saver_def
    names = model.meta.object_graph_def.concrete_functions
    _refuse_reached(model, _run_by_servers(model), names, CHECKPOINT)
    _refuse_reached(model, [saver.restore_op_name], (), CHECKPOINT - {"RestoreV2"})


def _run_by_servers(model: Model) -> Iterator[str]:
    """What is asked for by requests, and once after loading."""
    for signature in model.meta.signature_def.values():
        yield from (info.name for info in signature.outputs.values())
    for collection in model.meta.collection_def.values():
        yield from collection.node_list.value


def _refuse_reached(
    model: Model, tensors: Iterable[str], functions: Iterable[str], ops: frozenset[str]
) -> None:
    nodes = _reached(model, tensors)
    called = _called(model, [*functions, *(name for node in nodes for name in callees(node))])
    inner = (node for name in called for node in model.functions[name].node_def)
    for node in [*nodes, *inner]:
        if node.op in ops:
            raise refuse(
                model.file,
                "may read and write variables on the disk only when it is loaded and saved",
                f"`{node.op}` in the node `{node.name}`, which a request reaches",
                EXPORT_AGAIN,
            )


def _reached(model: Model, tensors: Iterable[str]) -> list[Any]:
    """Nodes of the graph that the tensors need, whether as values or as what comes before."""
    nodes = {node.name: node for node in model.meta.graph_def.node}
    waiting, seen = [node_name(name) for name in tensors], set[str]()
    while waiting:
        name = waiting.pop()
        if name in nodes and name not in seen:
            seen.add(name)
            waiting += map(node_name, nodes[name].input)
    return [nodes[name] for name in sorted(seen)]


def _called(model: Model, names: Iterable[str]) -> set[str]:
    """Functions of the library that these call, and these themselves."""
    waiting, seen = list(names), set[str]()
    while waiting:
        name = waiting.pop()
        if name in model.functions and name not in seen:
            seen.add(name)
            waiting += [n for node in model.functions[name].node_def for n in callees(node)]
    return seen


def callees(node: Any) -> Iterator[str]:
    """Names of what a node calls: its operation, which may be a function, and its attributes."""
    yield node.op
    for attribute in node.attr.values():
        yield attribute.func.name
        yield from (function.name for function in attribute.list.func)


def node_name(tensor: str) -> str:
    """The node that a tensor or a control input belongs to."""
    return tensor.lstrip("^").partition(":")[0]
