"""A small server on TensorFlow Serving's messages and gRPC stubs, and the requests it is sent.

TensorFlow Serving itself is not here.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from google.protobuf.any_pb2 import Any as AnyMessage
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_log_pb2,
    prediction_service_pb2_grpc,
)

from exports.loader import load_model
from exports.manifest import read_manifest
from exports.warm_up import FILE
from tfrs_models.backend import tf

SIGNATURES = ("serving_default", "retrieve")


def warm_up_requests(bundle: Path) -> list[Any]:
    """What the server would replay before it shows the version."""
    records = tf.data.TFRecordDataset(str(bundle / FILE)).as_numpy_iterator()
    logs = [prediction_log_pb2.PredictionLog.FromString(record) for record in records]
    return [log.predict_log.request for log in logs]


def arrays(request: Any) -> dict[str, np.ndarray]:
    """The inputs of a request."""
    return {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}


class Prediction(prediction_service_pb2_grpc.PredictionServiceServicer):  # type: ignore[misc]
    """The request model behind TensorFlow Serving's interface."""

    def __init__(self, bundle: Path) -> None:
        self.models = {name: load_model(bundle, signature=name) for name in SIGNATURES}
        self.proto = (bundle / "saved_model.pb").read_bytes()
        self.name = read_manifest(bundle).model_name

    def Predict(self, request: Any, context: Any) -> Any:
        if request.model_spec.name != self.name:
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


class Status(model_service_pb2_grpc.ModelServiceServicer):  # type: ignore[misc]
    """Which version is there: the number of its folder, or 1 of a bundle that has none."""

    def __init__(self, bundle: Path) -> None:
        self.version = int(bundle.name) if bundle.name.isdigit() else 1

    def GetModelStatus(self, request: Any, context: Any) -> Any:
        known = get_model_status_pb2.ModelVersionStatus(
            version=self.version, state=get_model_status_pb2.ModelVersionStatus.AVAILABLE
        )
        return get_model_status_pb2.GetModelStatusResponse(model_version_status=[known])


@contextmanager
def serving(bundle: Path) -> Iterator[Any]:
    """A channel to a server of the bundle, which ends with the block."""
    server = grpc.server(ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Prediction(bundle), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(Status(bundle), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    server.stop(None)
