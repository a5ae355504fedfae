import json
from pathlib import Path

import numpy as np
import pytest

from configs.errors import ArtifactError
from exports.verification.recordings import FILE, RecordedArray, read_recordings


@pytest.mark.parametrize(
    "array",
    [
        np.array([[0.1, np.nan], [np.inf, -np.inf]], np.float32),
        np.array([["é", ""]], object),
        np.array([2**62], np.int64),
        np.array(10, np.int32),
        np.empty((1, 0), np.float32),
    ],
)
def test_an_array_comes_back_from_json_as_it_was(array: np.ndarray) -> None:
    text = RecordedArray.of(array).model_dump_json()
    back = RecordedArray.model_validate_json(text).array()
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


def test_bytes_are_texts() -> None:
    assert RecordedArray.of(np.array([b"i1"], object)).values == ("i1",)


def test_every_model_is_recorded(recorded: Path) -> None:
    found = read_recordings(recorded)
    assert found is not None
    counts = {one.model: 0 for one in found.requests}
    for one in found.requests:
        counts[one.model] += 1
    # Three users each, but the model of items answers for all its rows at once.
    assert counts == {
        ".": 3,
        "models/embed_query": 3,
        "models/embed_candidate": 1,
        "models/rank": 3,
    }


def test_the_rows_are_those_that_were_given(recorded: Path) -> None:
    found = read_recordings(recorded)
    assert found is not None
    second = [one for one in found.requests if one.model == "models/rank"][1]
    assert second.inputs["user_id"].values == ("u2",)
    # The items of training by their ids; i15 is met by nobody before validation.
    assert second.inputs["item_id"].values == ("i0", "i1", "i10", "i11", "i12", "i13", "i14", "i16")
    assert second.inputs["retrieval_score"].values[::7] == (1.0, 0.0)
    # No row gives it.
    assert second.inputs["city"].values == ("",)


def test_an_answer_of_the_root_names_items(recorded: Path) -> None:
    found = read_recordings(recorded)
    assert found is not None
    first = next(one for one in found.requests if one.model == ".")
    assert len(set(first.outputs["item_id"].values)) == 10
    assert not {"i1", "i2"} & {*first.outputs["item_id"].values}


def test_a_bundle_may_have_none(tmp_path: Path) -> None:
    assert read_recordings(tmp_path) is None


@pytest.mark.parametrize("text", ["{", "{}", json.dumps({"format": 2, "requests": []})])
def test_a_damaged_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ArtifactError, match=r"`requests\.json` .* recorded requests of format 1"):
        read_recordings(tmp_path)
