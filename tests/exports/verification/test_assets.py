import shutil
from pathlib import Path
from typing import Any

import pytest
from support.tampering import edit_model

from configs.errors import ArtifactError
from exports.verification.assets import check_assets
from exports.verification.protos import read_models

QUERY = "models/embed_query"


def check(bundle: Path) -> int:
    return check_assets(next(one for one in read_models(bundle) if one.name == QUERY), bundle)


def test_counts_the_vocabularies(bundle: Path) -> None:
    # Of user_id, city and item_id.
    assert check(bundle) == 3


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../../../items.parquet", "a/../../b", "..\\b", "gs://bucket/file", ""]
)
def test_an_asset_outside_is_refused(bundle: Path, name: str) -> None:
    def change(meta: Any) -> None:
        meta.asset_file_def[0].filename = name

    edit_model(bundle, QUERY, change)
    with pytest.raises(ArtifactError, match="must name assets inside `assets/`"):
        check(bundle)


def test_an_asset_that_is_missing_is_refused(bundle: Path) -> None:
    shutil.rmtree(bundle / QUERY / "assets")
    with pytest.raises(ArtifactError, match=r"must have its assets beside it, got no `\w+\.txt`"):
        check(bundle)


def another_constant(meta: Any) -> str:
    node = meta.graph_def.node.add(op="Const", name="elsewhere")
    node.attr["value"].tensor.string_val.append(b"/etc/passwd")
    return str(node.name)


def by_argument(meta: Any) -> None:
    call = initializer_call(meta)
    call.input[0] = another_constant(meta)


def by_variable(meta: Any) -> None:
    assign = next(
        node
        for node in meta.graph_def.node
        if node.op == "AssignVariableOp" and "asset_path_initializer" in "".join(node.input)
    )
    assign.input[1] = another_constant(meta)


def inside_the_function(meta: Any) -> None:
    name = initializer_call(meta).attr["f"].func.name
    functions = {one.signature.name: one for one in meta.graph_def.library.function}
    node = functions[name].node_def.add(op="Const", name="elsewhere")
    node.attr["value"].tensor.string_val.append(b"/etc/passwd")
    table = next(one for one in functions[name].node_def if one.op.startswith("InitializeTable"))
    table.input[1] = "elsewhere:output:0"


def in_the_graph(meta: Any) -> None:
    node = meta.graph_def.node.add(op="InitializeTableFromTextFileV2", name="added")
    node.input.extend(["hash_table", another_constant(meta)])


def by_another_function(meta: Any) -> None:
    name = initializer_call(meta).attr["f"].func.name
    node = meta.graph_def.library.function[0].node_def.add(op="PartitionedCall", name="added")
    node.attr["f"].func.name = name


def initializer_call(meta: Any) -> Any:
    return next(node for node in meta.graph_def.node if "initializer" in node.attr["f"].func.name)


@pytest.mark.parametrize(
    "change", [by_argument, by_variable, inside_the_function, in_the_graph, by_another_function]
)
def test_a_table_of_another_file_is_refused(bundle: Path, change: Any) -> None:
    edit_model(bundle, QUERY, change)
    with pytest.raises(ArtifactError, match="may read tables only from its own assets"):
        check(bundle)
