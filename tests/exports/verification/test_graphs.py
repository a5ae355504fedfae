from pathlib import Path
from typing import Any

import pytest
from support.tampering import edit_model, replace_model

from configs.errors import ArtifactError
from exports.verification.graphs import check_ops
from exports.verification.ops import ALLOWED, SCANN
from exports.verification.protos import Model, read_models
from exports.verification.static import static_checks
from tfrs_models.backend import tf

QUERY = "models/embed_query"
TEXTS = tf.TensorSpec([None], tf.string)


def model(bundle: Path, name: str = QUERY) -> Model:
    return next(one for one in read_models(bundle) if one.name == name)


def add_node(op: str, **fields: Any) -> Any:
    def change(meta: Any) -> None:
        meta.graph_def.node.add(op=op, name="added", **fields)

    return change


@pytest.mark.parametrize(
    "op",
    [
        "ReadFile", "WriteFile", "MatchingFiles", "PyFunc", "PyFuncStateless", "EagerPyFunc",
        "WholeFileReaderV2", "TextLineDataset", "Print", "PrintV2", "RpcCall", "_Send",
        "DebugIdentityV2", "LookupTableExportV2", "WriteAudioSummary", "NoSuchOp",
    ],
)  # fmt: skip
def test_an_operation_that_is_not_on_the_list_is_refused(bundle: Path, op: str) -> None:
    edit_model(bundle, QUERY, add_node(op))
    with pytest.raises(ArtifactError, match=rf"embed_query/saved_model\.pb.* got `{op}`"):
        check_ops(model(bundle))


def test_an_operation_inside_a_function_is_refused(bundle: Path) -> None:
    def change(meta: Any) -> None:
        meta.graph_def.library.function[0].node_def.add(op="WriteFile", name="added")

    edit_model(bundle, QUERY, change)
    with pytest.raises(ArtifactError, match="`WriteFile`"):
        check_ops(model(bundle))


def test_a_model_that_tensorflow_wrote_to_read_a_file_is_refused(bundle: Path) -> None:
    replace_model(
        bundle,
        QUERY,
        lambda path: {"query_embedding": tf.map_fn(tf.io.read_file, path)},
        path=TEXTS,
    )
    with pytest.raises(ArtifactError, match="`ReadFile`"):
        list(static_checks(bundle))


def test_scann_stands_in_one_model_only(bundle: Path) -> None:
    edit_model(bundle, QUERY, add_node("Scann>ScannSearchBatched"))
    with pytest.raises(ArtifactError, match="only `models/retrieve_scann` may"):
        check_ops(model(bundle))
    (bundle / QUERY).rename(bundle / "models" / "retrieve_scann")
    check_ops(model(bundle, "models/retrieve_scann"))


def test_a_request_may_not_write_a_checkpoint(bundle: Path) -> None:
    def change(meta: Any) -> None:
        add_node("SaveV2")(meta)
        output = meta.signature_def["serving_default"].outputs["query_embedding"]
        next(
            node for node in meta.graph_def.node if output.name.startswith(f"{node.name}:")
        ).input.append("^added")

    edit_model(bundle, QUERY, change)
    with pytest.raises(ArtifactError, match="`SaveV2` in the node `added`, which a request"):
        check_ops(model(bundle))


def test_a_function_of_a_request_may_not_write_a_checkpoint(bundle: Path) -> None:
    def change(meta: Any) -> None:
        functions = {one.signature.name: one for one in meta.graph_def.library.function}
        name = next(name for name in functions if name.startswith("__inference_by_column"))
        functions[name].node_def.add(op="MergeV2Checkpoints", name="added")

    edit_model(bundle, QUERY, change)
    with pytest.raises(ArtifactError, match="`MergeV2Checkpoints` in the node `added`"):
        check_ops(model(bundle))


def test_what_runs_after_loading_may_not_read_a_checkpoint(bundle: Path) -> None:
    def change(meta: Any) -> None:
        add_node("RestoreV2")(meta)
        meta.collection_def["saved_model_main_op"].node_list.value[:] = ["added"]

    edit_model(bundle, QUERY, change)
    with pytest.raises(ArtifactError, match="`RestoreV2` in the node `added`"):
        check_ops(model(bundle))


def test_what_restores_variables_may_not_write(bundle: Path) -> None:
    def change(meta: Any) -> None:
        add_node("SaveV2")(meta)
        name = meta.saver_def.restore_op_name
        next(node for node in meta.graph_def.node if node.name == name).input.append("^added")

    edit_model(bundle, QUERY, change)
    with pytest.raises(ArtifactError, match="`SaveV2` in the node `added`"):
        check_ops(model(bundle))


def test_the_list_holds_operations_of_tensorflow_and_none_of_scann() -> None:
    from tensorflow.python.framework import op_def_registry

    assert [op for op in sorted(ALLOWED) if op_def_registry.get(op) is None] == []
    assert not ALLOWED & SCANN


@pytest.mark.parametrize("word", ["File", "PyFunc", "Reader", "Dataset", "Print", "Rpc", "Send",
                                  "Recv", "Debug", "Collective", "XlaHostCompute"])  # fmt: skip
def test_the_list_names_nothing_of_a_dangerous_kind(word: str) -> None:
    known = {"InitializeTableFromTextFileV2", "ShardedFilename"}
    assert {op for op in ALLOWED if word in op} <= known


def test_two_graphs_in_one_model_are_refused(bundle: Path) -> None:
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    path = bundle / QUERY / "saved_model.pb"
    saved = SavedModel.FromString(path.read_bytes())
    saved.meta_graphs.add().meta_info_def.tags.append("train")
    path.write_bytes(saved.SerializeToString())
    with pytest.raises(ArtifactError, match=r"one graph, .* got the graphs `serve; train`"):
        read_models(bundle)


def test_what_is_no_protocol_buffer_is_refused(bundle: Path) -> None:
    (bundle / QUERY / "saved_model.pb").write_bytes(b"not a model")
    with pytest.raises(ArtifactError, match="must be a SavedModel"):
        read_models(bundle)
