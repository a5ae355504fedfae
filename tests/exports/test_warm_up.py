"""What TensorFlow Serving would do with a bundle: replay its warm-up requests, answer by its API.

TensorFlow Serving itself is not here; a small server on its messages and its gRPC stubs is.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from support.bundles import Run
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    predict_pb2,
    prediction_log_pb2,
    prediction_service_pb2_grpc,
)

from exports.loader import load_model
from exports.warm_up import FILE
from tfrs_models.backend import tf


@pytest.fixture(scope="module")
def requests(run: Run) -> list[Any]:
    records = tf.data.TFRecordDataset(str(run.bundle / FILE)).as_numpy_iterator()
    logs = [prediction_log_pb2.PredictionLog.FromString(record) for record in records]
    return [log.predict_log.request for log in logs]


def arrays(request: Any) -> dict[str, np.ndarray]:
    return {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}


class Service(prediction_service_pb2_grpc.PredictionServiceServicer):  # type: ignore[misc]
    """The request model behind TensorFlow Serving's interface."""

    def __init__(self, run: Run) -> None:
        names = ("serving_default", "retrieve")
        self.models = {name: load_model(run.bundle, signature=name) for name in names}
        self.proto = (run.bundle / "saved_model.pb").read_bytes()

    def Predict(self, request: Any, context: Any) -> Any:
        if request.model_spec.name != "tiny":
            context.abort(grpc.StatusCode.NOT_FOUND, "Servable not found")
        answer = self.models[request.model_spec.signature_name](arrays(request))
        response = predict_pb2.PredictResponse()
        for name, values in answer.items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(values))
        return response

    def GetModelMetadata(self, request: Any, context: Any) -> Any:
        from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

        signatures = SavedModel.FromString(self.proto).meta_graphs[0].signature_def
        known = get_model_metadata_pb2.SignatureDefMap(
            signature_def={name: signatures[name] for name in self.models}
        )
        packed = AnyMessage()
        packed.Pack(known)
        return get_model_metadata_pb2.GetModelMetadataResponse(metadata={"signature_def": packed})


@pytest.fixture(scope="module")
def stub(run: Run) -> Iterator[Any]:
    server = grpc.server(ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Service(run), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield prediction_service_pb2_grpc.PredictionServiceStub(channel)
    server.stop(None)


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


def test_answers_over_grpc_are_those_of_the_loader(
    run: Run, requests: list[Any], stub: Any
) -> None:
    outputs = stub.Predict(requests[8], timeout=30).outputs
    expected = load_model(run.bundle)(arrays(requests[8]))
    assert set(outputs) == set(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(tf.make_ndarray(outputs[name]), values)


def test_metadata_names_the_inputs(requests: list[Any], stub: Any) -> None:
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    answer = stub.GetModelMetadata(request, timeout=30)
    known = get_model_metadata_pb2.SignatureDefMap()
    answer.metadata["signature_def"].Unpack(known)
    assert set(known.signature_def["serving_default"].inputs) == set(requests[0].inputs)
    assert known.signature_def["serving_default"].inputs["k"].dtype == tf.int32.as_datatype_enum


def test_another_model_is_not_found(requests: list[Any], stub: Any) -> None:
    wrong = predict_pb2.PredictRequest()
    wrong.CopyFrom(requests[0])
    wrong.model_spec.name = "other"
    with pytest.raises(grpc.RpcError) as refused:
        stub.Predict(wrong, timeout=30)
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND
