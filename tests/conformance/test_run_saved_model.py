"""The program in C says why it refuses, and loads ScaNN's operations where it is given them."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from support.c_program import asked, lines, outputs
from support.grpc_serving import arrays, warm_up_requests

from exports.loader import load_model

Given = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def given(bundle: Path) -> Given:
    """A request of one user."""
    return arrays(warm_up_requests(bundle)[0])


@pytest.fixture(scope="module")
def with_scann(bundle: Path) -> Path:
    """A model with ScaNN's operations."""
    folder = bundle / "models" / "retrieve_scann"
    if not folder.is_dir():
        pytest.skip("the bundle was exported without `export.scann_model`")
    return folder


def test_a_refused_request_says_why(bundle: Path, given: Given, program: Path) -> None:
    wrong = given | {"k": np.array([0], np.int32)}
    ended = asked(program, bundle, lines(bundle, wrong))
    assert ended.returncode == 1
    assert "`k` must be from 1 to 500" in ended.stderr


def test_a_folder_that_is_no_model_is_refused(program: Path, tmp_path: Path) -> None:
    ended = asked(program, tmp_path, "")
    assert ended.returncode == 1
    assert "Could not find SavedModel" in ended.stderr


def test_a_model_with_scann_answers_when_its_operations_are_loaded(
    program: Path, with_scann: Path, given: Given
) -> None:
    library = Path(find_spec("scann").origin).parent / "scann_ops" / "cc" / "_scann_ops.so"
    printed = asked(program, with_scann, lines(with_scann, given), str(library)).stdout
    model = load_model(with_scann)
    expected = model({name: given[name] for name in model.inputs})
    np.testing.assert_array_equal(outputs(with_scann, printed)["item_id"], expected["item_id"])


def test_without_them_the_model_is_refused(program: Path, with_scann: Path, given: Given) -> None:
    ended = asked(program, with_scann, lines(with_scann, given))
    assert ended.returncode == 1
    assert "Op type not registered 'Scann>" in ended.stderr
