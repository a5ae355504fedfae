"""Ask a model the recorded requests again: the same ids, and the same scores but for rounding."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import ArtifactError
from exports.loader import LoadedModel
from exports.verification.check import refuse
from exports.verification.recordings import FILE, RecordedArray, Recording
from tfrs_models.backend import tf

TOLERANCE = 1e-5
"""Of scores, absolute and relative: another processor adds up in another order."""


def replay(model: LoadedModel, recording: Recording, place: int) -> float:
    """Compare the answer to a recorded request.

    Args:
        model: the loaded model.
        recording: the request and its answer.
        place: its place in the file, for the error.

    Returns:
        The largest difference of a score.

    Raises:
        ArtifactError: another answer: names the request, the output, and both values.
    """
    where = f"request {place} to `{recording.model}`"
    try:
        answer = model({name: one.array() for name, one in recording.inputs.items()})
    except (ValueError, tf.errors.OpError) as error:
        raise _wrong(f"must hold requests that the model answers ({where})", str(error)) from error
    if answer.keys() != recording.outputs.keys():
        raise _wrong(f"must name the model's outputs ({where})", ", ".join(recording.outputs))
    return max(_difference(answer[n], one, where, n) for n, one in recording.outputs.items())


def _difference(found: NDArray[Any], recorded: RecordedArray, where: str, name: str) -> float:
    expected = _array(recorded, where, name)
    got = RecordedArray.of(found).array()
    if got.shape != expected.shape:
        raise _another(where, name, f"the shape {list(expected.shape)}", f"{list(got.shape)}")
    close = _close(got, expected)
    if not close.all():
        first = int(np.flatnonzero(~close)[0])
        one, other = f"`{expected.ravel()[first]}` at {first}", f"`{got.ravel()[first]}`"
        raise _another(where, name, one, other)
    if recorded.dtype != "float32" or not got.size:
        return 0.0
    return float(np.nanmax(np.abs(got - expected)))


def _array(recorded: RecordedArray, where: str, name: str) -> NDArray[Any]:
    try:
        return recorded.array()
    except ValueError as error:
        raise _wrong(f"must hold arrays ({where}, `{name}`)", str(error)) from error


def _close(got: NDArray[Any], expected: NDArray[Any]) -> NDArray[np.bool_]:
    if got.dtype == expected.dtype == np.float32:
        close = np.isclose(got, expected, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
        return np.asarray(close, np.bool_)
    return np.asarray(got == expected, np.bool_)


def _another(where: str, name: str, expected: str, got: str) -> ArtifactError:
    return _wrong(f"recorded {expected} as `{name}` of {where}", f"{got} from the model")


def _wrong(rule: str, value: str) -> ArtifactError:
    return refuse(
        FILE,
        rule,
        value,
        "the models are not those that the bundle was written with: export it again",
    )
