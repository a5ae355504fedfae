"""The C program loads a bundle with TensorFlow's C API and answers as our loader does."""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import tensorflow
from support.bundles import Run, make_run

from exports.loader import load_model
from exports.raw import missing_rows
from exports.requests.scann_model import ScannItems, ScannModel

SOURCE = Path(__file__).parents[2] / "examples" / "run_saved_model.c"
NUMBERS = {"1": np.float32, "3": np.int32, "9": np.int64}
"""NumPy dtypes by number of TensorFlow's; 7 is a string."""

pytestmark = [
    pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed"),
    pytest.mark.skipif(sys.platform != "linux", reason="the wheel's C library is that of Linux"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = Path(tensorflow.__file__).parent
    target = tmp_path_factory.mktemp("program") / "run_saved_model"
    command = ["gcc", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", str(SOURCE)]
    command += ["-o", str(target), f"-I{library}/include", f"-L{library}"]
    command += ["-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2"]
    subprocess.run([*command, f"-Wl,-rpath,{library}"], check=True)
    return target


def request(bundle: Path) -> dict[str, Any]:
    """A visitor and a known user who ask for four items."""
    given: dict[str, Any] = {"k": np.array([4, 3], np.int32)}
    given["diversity"] = np.array([0.1, 0], np.float32)
    inputs = load_model(bundle).inputs
    given |= {n: missing_rows(one, 2) for n, one in inputs.items() if n not in given}
    given["user_id"][1] = "u1"
    given["history"] = np.array([["i1", "i2"], ["", "i3"]], object)
    given["exclude"] = np.array([["i4"], ["nothing"]], object)
    return given


def signature(bundle: Path) -> Any:
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    model = SavedModel.FromString((bundle / "saved_model.pb").read_bytes())
    return model.meta_graphs[0].signature_def["serving_default"]


def lines(bundle: Path) -> str:
    found = []
    for name, info in signature(bundle).inputs.items():
        value = request(bundle)[name]
        dtype = "string" if value.dtype == object else value.dtype.name
        fields = [*info.name.split(":"), dtype, value.ndim, *value.shape, *value.ravel()]
        found.append("\t".join(map(str, ["in", *fields])))
    for _, info in sorted(signature(bundle).outputs.items()):
        found.append("\t".join(["out", *info.name.split(":")]))
    return "\n".join(found) + "\n"


def tensor(line: str) -> np.ndarray:
    dtype, rank, *rest = line.split("\t")
    shape, values = [int(size) for size in rest[: int(rank)]], rest[int(rank) :]
    parsed = [v.encode() for v in values] if dtype == "7" else values
    return np.array(parsed, NUMBERS.get(dtype, object)).reshape(shape)


@pytest.fixture(scope="module")
def with_scann(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with ScaNN's operations."""
    embeddings = np.load(run.bundle / "index" / "exact" / "embeddings.npy")
    ids = pq.read_table(run.bundle / "items.parquet").column("item_id").to_pylist()
    items = ScannItems.of(ids, embeddings, {}, seed=1)
    folder = tmp_path_factory.mktemp("models") / "retrieve_scann"
    ScannModel(run.parts.encoder, run.parts.retriever, items, exclude_seen=True).save(folder)
    return folder


def answer(
    program: Path, bundle: Path, text: str, *libraries: str
) -> subprocess.CompletedProcess[str]:
    command = [str(program), str(bundle), *libraries]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def test_answers_are_those_of_our_loader(run: Run, program: Path) -> None:
    printed = answer(program, run.bundle, lines(run.bundle)).stdout.splitlines()
    expected = load_model(run.bundle)(request(run.bundle))
    for name, line in zip(sorted(expected), printed, strict=True):
        if expected[name].dtype == object:
            np.testing.assert_array_equal(tensor(line), expected[name])
        else:
            np.testing.assert_allclose(tensor(line), expected[name], atol=1e-5)


def test_a_refused_request_says_why(run: Run, program: Path) -> None:
    wrong = lines(run.bundle).replace("int32\t1\t2\t4", "int32\t1\t2\t0")
    ended = answer(program, run.bundle, wrong)
    assert ended.returncode == 1
    assert "`k` must be from 1 to 500" in ended.stderr


def test_a_folder_that_is_no_model_is_refused(program: Path, tmp_path: Path) -> None:
    ended = answer(program, tmp_path, "")
    assert ended.returncode == 1
    assert "Could not find SavedModel" in ended.stderr


def test_a_model_with_scann_answers_when_its_operations_are_loaded(
    program: Path, with_scann: Path
) -> None:
    library = Path(find_spec("scann").origin).parent / "scann_ops" / "cc" / "_scann_ops.so"
    printed = answer(program, with_scann, lines(with_scann), str(library)).stdout.splitlines()
    given = request(with_scann)
    model = load_model(with_scann)
    expected = model({name: given[name] for name in model.inputs})
    names = sorted(expected)
    np.testing.assert_array_equal(tensor(printed[names.index("item_id")]), expected["item_id"])


def test_without_them_the_model_is_refused(program: Path, with_scann: Path) -> None:
    ended = answer(program, with_scann, lines(with_scann))
    assert ended.returncode == 1
    assert "Op type not registered 'Scann>" in ended.stderr
