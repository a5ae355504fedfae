from pathlib import Path

import numpy as np
import pytest

from configs.errors import ArtifactError
from exports.verification.files import check_arrays, check_kinds


@pytest.mark.parametrize(
    "name",
    ["model.h5", "model.keras", "scann_docids.pkl", "a.npz", "A.PKL", "models/keras_metadata.pb"],
)
def test_a_file_that_can_run_code_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    with pytest.raises(ArtifactError, match=f"`{name}` of the bundle may be no Keras file"):
        check_kinds(tmp_path)


@pytest.mark.parametrize("name", ["saved_model.pbtxt", "saved_model.cpb"])
def test_a_model_that_would_be_loaded_unread_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(ArtifactError, match=f"must be a `saved_model.pb` .* got `{name}`"):
        check_kinds(tmp_path)


def test_counts_the_files(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").touch()
    assert check_kinds(tmp_path) == 1


def test_an_array_of_objects_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(ArtifactError, match=r"`a\.npy` .* no Python objects"):
        check_arrays(tmp_path)


def test_an_array_with_objects_in_a_field_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros(1, [("x", "f4"), ("y", "O")]), allow_pickle=True)
    with pytest.raises(ArtifactError, match="no Python objects"):
        check_arrays(tmp_path)


@pytest.mark.parametrize("change", [-1, 1])
def test_an_array_of_another_length_is_refused(tmp_path: Path, change: int) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.zeros((2, 3), np.float32))
    content = path.read_bytes()
    # The header is 128 bytes, 2 x 3 float32 are 24.
    path.write_bytes(content[:-1] if change < 0 else content + b"x")
    with pytest.raises(ArtifactError, match=rf"\[2, 3\]: 152 bytes, got {152 + change} bytes"):
        check_arrays(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"junk", b"\x93NUMPY\x09\x00", b"\x93NUMPY\x01\x00\x02\x00{}"]
)
def test_what_has_no_header_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(ArtifactError, match="must have a header of NumPy"):
        check_arrays(tmp_path)


def test_a_sound_array_passes(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((2, 3), np.float32))
    assert check_arrays(tmp_path) == 1
