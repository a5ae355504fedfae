"""The requests that TensorFlow Serving answers before a model becomes visible.

TensorFlow Serving reads `assets.extra/tf_serving_warmup_requests` of a SavedModel, a TFRecord file
of `PredictionLog` messages, and refuses a model that fails on one of them.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exports.requests.answers import K
from exports.requests.model import DIVERSITY, RETRIEVE
from exports.signatures import SIGNATURE
from tfrs_models.backend import tf

FILE = Path("assets.extra", "tf_serving_warmup_requests")
_K = 10

Rows = Mapping[str, NDArray[Any]]


def write_warm_up(bundle: Path, name: str, queries: Rows, lists: tuple[str, ...]) -> None:
    """Write requests of one row, and of all rows, to each signature of the request model.

    Args:
        bundle: the folder of the model.
        name: under which servers know it.
        queries: raw inputs by column, [Q] or [Q, L]; see `exports.samples`.
        lists: the other inputs that are lists of texts, which stay empty.
    """
    path = bundle / FILE
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature in (SIGNATURE, RETRIEVE):
            for inputs in _requests(queries, lists, signature):
                writer.write(_log(name, signature, inputs).SerializeToString(deterministic=True))


def _requests(queries: Rows, lists: tuple[str, ...], signature: str) -> Iterator[Rows]:
    rows = len(next(iter(queries.values())))
    own: dict[str, Any] = {K: np.int32(_K)}
    if signature == SIGNATURE:
        own[DIVERSITY] = np.float32(0)
    for chosen in (*(slice(row, row + 1) for row in range(rows)), slice(None)):
        given = {column: values[chosen] for column, values in queries.items()}
        size = len(next(iter(given.values())))
        asked = {one: np.repeat(value, size) for one, value in own.items()}
        yield given | asked | {one: np.full((size, 1), "", object) for one in lists}


def _log(name: str, signature: str, inputs: Rows) -> Any:
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    log = PredictionLog()
    request = log.predict_log.request
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    for column, values in inputs.items():
        request.inputs[column].CopyFrom(tf.make_tensor_proto(values))
    return log
