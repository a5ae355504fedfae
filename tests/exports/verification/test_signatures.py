from pathlib import Path
from typing import Any

import pytest
from support.tampering import edit_model, exchange, replace_model

from configs.errors import ArtifactError
from exports.verification.protos import Model, read_models
from exports.verification.signatures import TensorType, check_signatures
from exports.verification.static import static_checks
from tfrs_models.backend import tf

QUERY, CANDIDATE, RANK = "models/embed_query", "models/embed_candidate", "models/rank"


def model(bundle: Path, name: str = QUERY) -> Model:
    return next(one for one in read_models(bundle) if one.name == name)


def test_reads_types_and_shapes(bundle: Path) -> None:
    found = check_signatures(model(bundle))["serving_default"]
    assert found.inputs["history"] == TensorType("string", (None, None))
    assert found.inputs["age"] == TensorType("float32", (None,))
    assert found.outputs == {"query_embedding": TensorType("float32", (None, 8))}


def test_the_root_has_both_signatures(bundle: Path) -> None:
    assert check_signatures(model(bundle, ".")).keys() == {"retrieve", "serving_default"}


@pytest.mark.parametrize(("one", "other"), [(QUERY, CANDIDATE), (QUERY, RANK), (CANDIDATE, RANK)])
def test_models_that_changed_places_are_refused(bundle: Path, one: str, other: str) -> None:
    exchange(bundle, one, other)
    with pytest.raises(ArtifactError, match="another model lies there"):
        list(static_checks(bundle))


def test_a_fixed_batch_is_refused(bundle: Path) -> None:
    def change(meta: Any) -> None:
        meta.signature_def["serving_default"].inputs["age"].tensor_shape.dim[0].size = 1

    edit_model(bundle, QUERY, change)
    with pytest.raises(ArtifactError, match=r"batch dimension of `age` .* got `float32 \[1\]`"):
        check_signatures(model(bundle))


def test_an_input_is_checked_though_an_output_has_its_name(bundle: Path) -> None:
    def change(meta: Any) -> None:
        signature = meta.signature_def["serving_default"]
        signature.inputs["age"].tensor_shape.dim[0].size = 1
        signature.outputs["age"].CopyFrom(signature.outputs["query_embedding"])

    edit_model(bundle, QUERY, change)
    with pytest.raises(ArtifactError, match="batch dimension of `age`"):
        check_signatures(model(bundle))


def test_a_type_that_is_none_is_shown_as_a_number(bundle: Path) -> None:
    def change(meta: Any) -> None:
        meta.signature_def["serving_default"].inputs["age"].dtype = 0

    edit_model(bundle, QUERY, change)
    found = check_signatures(model(bundle))["serving_default"]
    assert found.inputs["age"].dtype == "unknown type 0"


def test_an_unknown_rank_is_refused(bundle: Path) -> None:
    def change(meta: Any) -> None:
        shape = meta.signature_def["serving_default"].outputs["query_embedding"].tensor_shape
        shape.Clear()
        shape.unknown_rank = True

    edit_model(bundle, QUERY, change)
    with pytest.raises(ArtifactError, match=r"`query_embedding` .* got `float32 \[\.\.\.\]`"):
        check_signatures(model(bundle))


def test_a_model_without_the_signature_is_refused(bundle: Path) -> None:
    def change(meta: Any) -> None:
        meta.signature_def["other"].CopyFrom(meta.signature_def["serving_default"])
        del meta.signature_def["serving_default"]

    edit_model(bundle, QUERY, change)
    with pytest.raises(ArtifactError, match="signature `serving_default`, got `other`"):
        check_signatures(model(bundle))


def test_a_signature_without_inputs_is_refused(bundle: Path) -> None:
    replace_model(bundle, QUERY, lambda: {"query_embedding": tf.ones([1, 8])})
    with pytest.raises(ArtifactError, match="must name inputs and outputs of `serving_default`"):
        check_signatures(model(bundle))
