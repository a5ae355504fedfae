"""The requests that TensorFlow Serving answers before a model becomes visible.

TensorFlow Serving reads `assets.extra/tf_serving_warmup_requests` of a SavedModel, a TFRecord file
of `PredictionLog` messages, and refuses a model that fails on one of them.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from exports.loader import Input
from exports.requests.asked import SAMPLE_K, asked_rows, unranked
from exports.requests.model import RETRIEVE
from exports.signatures import SIGNATURE
from tfrs_models.backend import tf

FILE = Path("assets.extra", "tf_serving_warmup_requests")

Rows = Mapping[str, NDArray[Any]]


def write_warm_up(bundle: Path, name: str, queries: Rows, asked: Mapping[str, Input]) -> None:
    """Write requests of one row, and of all rows, to each signature of the request model.

    Args:
        bundle: the folder of the model.
        name: under which servers know it.
        queries: raw inputs by column, [Q] or [Q, L]; see `exports.samples`.
        asked: the other inputs of the request model.
    """
    path = bundle / FILE
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, others in ((SIGNATURE, asked), (RETRIEVE, unranked(asked))):
            for inputs in _requests(queries, others):
                writer.write(_log(name, signature, inputs).SerializeToString(deterministic=True))


def _requests(queries: Rows, asked: Mapping[str, Input]) -> Iterator[Rows]:
    rows = len(next(iter(queries.values())))
    for chosen in (*(slice(row, row + 1) for row in range(rows)), slice(None)):
        given = {column: values[chosen] for column, values in queries.items()}
        size = len(next(iter(given.values())))
        yield given | asked_rows(asked, SAMPLE_K, [()] * size)


def _log(name: str, signature: str, inputs: Rows) -> Any:
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    log = PredictionLog()
    request = log.predict_log.request
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    for column, values in inputs.items():
        request.inputs[column].CopyFrom(tf.make_tensor_proto(values))
    return log
