"""Compile `examples/run_saved_model.c`, ask it, read its answers."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

SOURCE = Path(__file__).parents[2] / "examples" / "run_saved_model.c"
NUMBERS = {"1": np.float32, "3": np.int32, "9": np.int64}
"""NumPy dtypes by number of TensorFlow's; 7 is a string."""


def compiled(folder: Path) -> Path:
    """The program, made with gcc and the libraries of the Python package."""
    library = Path(tensorflow.__file__).parent
    target = folder / "run_saved_model"
    command = ["gcc", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", str(SOURCE)]
    command += ["-o", str(target), f"-I{library}/include", f"-L{library}"]
    command += ["-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2"]
    subprocess.run([*command, f"-Wl,-rpath,{library}"], check=True)
    return target


def signature(model: Path, name: str = "serving_default") -> Any:
    """A signature of a SavedModel, read without TensorFlow's loader."""
    read = SavedModel.FromString((model / "saved_model.pb").read_bytes())
    return read.meta_graphs[0].signature_def[name]


def lines(model: Path, given: Mapping[str, np.ndarray], name: str = "serving_default") -> str:
    """A request as the program reads it; outputs are asked for in the order of their names."""
    found = []
    for key, info in signature(model, name).inputs.items():
        value = given[key]
        texts = value.dtype.kind in "OS"
        fields = ["string" if texts else value.dtype.name, value.ndim, *value.shape]
        fields += [v.decode() if isinstance(v, bytes) else v for v in value.ravel()]
        found.append("\t".join(map(str, ["in", *info.name.split(":"), *fields])))
    for _, info in sorted(signature(model, name).outputs.items()):
        found.append("\t".join(["out", *info.name.split(":")]))
    return "\n".join(found) + "\n"


def asked(
    program: Path, model: Path, text: str, *libraries: str
) -> subprocess.CompletedProcess[str]:
    """Run the program on a request."""
    command = [str(program), str(model), *libraries]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def tensor(line: str) -> np.ndarray:
    """An output as it was printed."""
    dtype, rank, *rest = line.split("\t")
    shape, values = [int(size) for size in rest[: int(rank)]], rest[int(rank) :]
    parsed = [v.encode() for v in values] if dtype == "7" else values
    return np.array(parsed, NUMBERS.get(dtype, object)).reshape(shape)


def outputs(model: Path, printed: str, name: str = "serving_default") -> dict[str, np.ndarray]:
    """All outputs of an answer, by name."""
    names = sorted(signature(model, name).outputs)
    return dict(zip(names, map(tensor, printed.splitlines()), strict=True))
