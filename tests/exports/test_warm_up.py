"""What TensorFlow Serving would do with a bundle: replay its warm-up, answer by its API."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from support.bundles import Run
from support.grpc_serving import arrays, serving, warm_up_requests
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from tfrs_models.backend import tf


@pytest.fixture(scope="module")
def requests(run: Run) -> list[Any]:
    return warm_up_requests(run.bundle)


@pytest.fixture(scope="module")
def channel(run: Run) -> Iterator[Any]:
    with serving(run.bundle) as channel:
        yield channel


@pytest.fixture
def stub(channel: Any) -> Any:
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


def test_both_signatures_are_warmed_up_by_single_requests_and_by_a_batch(
    requests: list[Any],
) -> None:
    # Six users of the table and two visitors, each alone, then all.
    rows = [len(arrays(request)["user_id"]) for request in requests]
    assert rows == [*[1] * 8, 8] * 2
    assert {request.model_spec.signature_name for request in requests} == {
        "serving_default", "retrieve",
    }  # fmt: skip
    assert {request.model_spec.name for request in requests} == {"tiny"}


def test_warm_up_requests_are_of_real_users(requests: list[Any]) -> None:
    whole = arrays(requests[8])
    assert whole["user_id"].tolist() == [b"u0", b"u1", b"u10", b"u11", b"u12", b"u13", b"", b""]
    assert whole["city"][1] == b"Rome"
    assert all(any(row) for row in whole["history"].tolist())


def test_every_warm_up_request_is_answered_over_grpc(requests: list[Any], stub: Any) -> None:
    for request in requests:
        outputs = stub.Predict(request, timeout=30).outputs
        ids = tf.make_ndarray(outputs["item_id"])
        assert ids.shape == (len(arrays(request)["user_id"]), 10)
        assert b"" not in ids


def test_metadata_names_the_inputs(requests: list[Any], stub: Any) -> None:
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    answer = stub.GetModelMetadata(request, timeout=30)
    known = get_model_metadata_pb2.SignatureDefMap()
    answer.metadata["signature_def"].Unpack(known)
    assert set(known.signature_def["serving_default"].inputs) == set(requests[0].inputs)
    assert known.signature_def["serving_default"].inputs["k"].dtype == tf.int32.as_datatype_enum


def test_the_status_names_the_version(channel: Any) -> None:
    asked = get_model_status_pb2.GetModelStatusRequest()
    stub = model_service_pb2_grpc.ModelServiceStub(channel)
    (status,) = stub.GetModelStatus(asked, timeout=30).model_version_status
    assert (status.version, status.state) == (1, get_model_status_pb2.ModelVersionStatus.AVAILABLE)


def test_another_model_is_not_found(requests: list[Any], stub: Any) -> None:
    wrong = predict_pb2.PredictRequest()
    wrong.CopyFrom(requests[0])
    wrong.model_spec.name = "other"
    with pytest.raises(grpc.RpcError) as refused:
        stub.Predict(wrong, timeout=30)
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND
