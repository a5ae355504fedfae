"""One bundle gives the same lists through every loader, and passes `tfrs verify`.

`BUNDLE=artifacts/runs/RUN/bundle pytest tests/conformance` asks a bundle of your own.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import c_program
from support.grpc_serving import SIGNATURES, arrays, serving, warm_up_requests
from tensorflow_serving.apis import prediction_service_pb2_grpc

from exports.loader import load_model
from tfrs_models.backend import tf

Answer = dict[str, np.ndarray]


@pytest.fixture(scope="module", params=SIGNATURES)
def request_of(request: pytest.FixtureRequest, bundle: Path) -> Any:
    """The batch of warm-up requests of a signature: known users and visitors."""
    asked = [r for r in warm_up_requests(bundle) if r.model_spec.signature_name == request.param]
    return max(asked, key=lambda one: len(arrays(one)["user_id"]))


@pytest.fixture(scope="module")
def expected(bundle: Path, request_of: Any) -> Answer:
    model = load_model(bundle, signature=request_of.model_spec.signature_name)
    return dict(model(arrays(request_of)))


def assert_same(answer: Answer, expected: Answer) -> None:
    assert set(answer) == set(expected)
    for name, values in expected.items():
        if values.dtype == object:
            np.testing.assert_array_equal(answer[name], values)
        else:
            np.testing.assert_allclose(answer[name], values, rtol=1e-5, atol=1e-5)


def test_lists_are_full(request_of: Any, expected: Answer) -> None:
    assert expected["item_id"].shape == (len(arrays(request_of)["user_id"]), 10)
    assert b"" not in expected["item_id"]


def test_tensorflow_answers_as_our_loader_does(
    bundle: Path, request_of: Any, expected: Answer
) -> None:
    loaded = tf.saved_model.load(str(bundle)).signatures[request_of.model_spec.signature_name]
    given = {name: tf.constant(values) for name, values in arrays(request_of).items()}
    assert_same({name: one.numpy() for name, one in loaded(**given).items()}, expected)


def test_a_server_answers_over_grpc_as_our_loader_does(
    bundle: Path, request_of: Any, expected: Answer
) -> None:
    with serving(bundle) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        found = stub.Predict(request_of, timeout=60).outputs
    assert_same({name: tf.make_ndarray(one) for name, one in found.items()}, expected)


def test_c_answers_as_our_loader_does(
    bundle: Path, request_of: Any, expected: Answer, program: Path
) -> None:
    signature = request_of.model_spec.signature_name
    text = c_program.lines(bundle, arrays(request_of), signature)
    printed = c_program.asked(program, bundle, text).stdout
    assert_same(c_program.outputs(bundle, printed, signature), expected)


def test_saved_model_cli_answers_as_our_loader_does(
    bundle: Path, request_of: Any, expected: Answer, tmp_path: Path
) -> None:
    given = []
    for name, values in arrays(request_of).items():
        np.save(tmp_path / f"{name}.npy", values.astype("S") if values.dtype == object else values)
        given.append(f"{name}={tmp_path / name}.npy")
    command = [str(Path(sys.executable).with_name("saved_model_cli")), "run", "--dir", str(bundle)]
    command += ["--tag_set", "serve", "--signature_def", request_of.model_spec.signature_name]
    command += ["--inputs", ";".join(given), "--outdir", str(tmp_path / "out")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    part = printed.partition("Result for output key item_id:")[2].partition("Result for")[0]
    assert re.findall(r"b'(.*?)'", part) == [one.decode() for one in expected["item_id"].ravel()]
    for name, values in expected.items():
        if values.dtype != object:
            found = np.load(tmp_path / "out" / f"{name}.npy")
            np.testing.assert_allclose(found, values, rtol=1e-5, atol=1e-5)


def test_the_bundle_passes_its_verification(bundle: Path) -> None:
    command = [str(Path(sys.executable).with_name("tfrs")), "verify", str(bundle)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
