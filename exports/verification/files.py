"""Files that a bundle may not hold, and arrays that are what they say."""

import math
from pathlib import Path

import numpy as np

from exports.verification.check import EXPORT_AGAIN, refuse

_PICKLES = ("keras_metadata.pb", ".h5", ".hdf5", ".keras", ".pkl", ".pickle", ".npz", ".joblib")
# Models that TensorFlow loads as well, and that no check here reads.
_OTHER_MODELS = ("saved_model.cpb", "saved_model.pbtxt")
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def check_kinds(bundle: Path) -> int:
    """Refuse files that hold code, or from which Keras and pickle would make some.

    Returns:
        The number of files.

    Raises:
        ArtifactError: names the file.
    """
    files = sorted(path for path in bundle.rglob("*") if path.is_file())
    for path in files:
        file = path.relative_to(bundle).as_posix()
        if path.name.lower().endswith(_PICKLES):
            rule = "may be no Keras file, pickle or archive of arrays: loading one can run code"
            raise refuse(file, rule, f"`{path.name}`", EXPORT_AGAIN)
        if path.name in _OTHER_MODELS:
            rule = "must be a `saved_model.pb` to be a model"
            raise refuse(file, rule, f"`{path.name}`", EXPORT_AGAIN)
    return len(files)


def check_arrays(bundle: Path) -> int:
    """Refuse `.npy` files with Python objects, or of another size than their header says.

    Returns:
        The number of arrays.

    Raises:
        ArtifactError: names the file and what its header says.
    """
    arrays = sorted(path for path in bundle.rglob("*") if path.suffix.lower() == ".npy")
    for path in arrays:
        _check_array(path, path.relative_to(bundle).as_posix())
    return len(arrays)


def _check_array(path: Path, file: str) -> None:
    try:
        shape, dtype, start = _header(path)
    except (ValueError, KeyError) as error:
        raise refuse(file, "must have a header of NumPy", str(error), EXPORT_AGAIN) from error
    if dtype.hasobject:
        raise refuse(
            file, "may hold no Python objects: they are a pickle", f"`{dtype}`", EXPORT_AGAIN
        )
    # Python's integers: NumPy's would overflow.
    expected, size = start + math.prod(shape) * dtype.itemsize, path.stat().st_size
    if expected != size:
        raise refuse(
            file,
            f"must be as long as its header says, {dtype} {list(shape)}: {expected:,} bytes",
            f"{size:,} bytes",
            EXPORT_AGAIN,
        )


def _header(path: Path) -> tuple[tuple[int, ...], "np.dtype[np.generic]", int]:
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        shape, _, dtype = _HEADERS[version](file)
        return shape, dtype, file.tell()
