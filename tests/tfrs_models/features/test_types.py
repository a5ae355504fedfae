"""Facts that hold for every feature type and setting."""

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from support.features import CASES, ODD_ROWS, TRAINING_ROWS, feed

from configs import plugins
from tfrs_models.backend import tf
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.feature_type import feature_type
from tfrs_models.features.fit import fit_features

DTYPES = {"ids": np.int32, "dense": np.float32}
ROWS = [*TRAINING_ROWS, *ODD_ROWS]

every_case = pytest.mark.parametrize("case", CASES)


@pytest.fixture(scope="module")
def encoded(world: Any) -> Any:
    return _encode(world, ROWS)


def _encode(world: Any, rows: Any) -> Any:
    raw = {k: tf.constant(v) for k, v in feed(world.folder / "spec", "item", rows).items()}
    return {name: value.numpy() for name, value in world.compiled(raw).items()}


@pytest.mark.parametrize("name", plugins.names("feature"))
def test_every_type_has_a_case(name: str) -> None:
    assert name in {case["type"] for case in CASES.values()}


@every_case
def test_output_declares_dtype_and_width(case: str, world: Any, encoded: Any) -> None:
    output = world.spec.feature(case).output
    assert encoded[case].dtype == DTYPES[output.kind]
    assert encoded[case].shape == (len(ROWS), output.width)


@every_case
def test_ids_are_in_range_and_dense_is_finite(case: str, world: Any, encoded: Any) -> None:
    output = world.spec.feature(case).output
    if output.kind == "ids":
        assert encoded[case].min() >= 0
        assert encoded[case].max() < output.num_ids
    else:
        assert np.isfinite(encoded[case]).all()


@every_case
def test_missing_row_is_zero_but_for_its_indicator(case: str, world: Any) -> None:
    missing = _encode(world, [{}])[case]
    indicator = CASES[case]["type"] == "numeric" or CASES[case].get("part") == "age"
    expected = [[0.0, 1.0]] if indicator else np.zeros((1, world.spec.feature(case).output.width))
    np.testing.assert_array_equal(missing, expected)


@every_case
def test_empty_batch_keeps_the_width(case: str, world: Any) -> None:
    assert _encode(world, [])[case].shape == (0, world.spec.feature(case).output.width)


@every_case
def test_one_row_equals_the_row_in_a_batch(case: str, world: Any, encoded: Any) -> None:
    single = np.concatenate([_encode(world, [row])[case] for row in ROWS])
    np.testing.assert_array_equal(single, encoded[case])


@every_case
def test_encoding_twice_is_equal(case: str, world: Any, encoded: Any) -> None:
    np.testing.assert_array_equal(_encode(world, ROWS)[case], encoded[case])


@every_case
def test_loaded_saved_model_encodes_equally(case: str, world: Any, encoded: Any) -> None:
    raw = {k: tf.constant(v) for k, v in feed(world.folder / "spec", "item", ROWS).items()}
    np.testing.assert_array_equal(world.served.item(raw)[case].numpy(), encoded[case])


@every_case
def test_state_survives_json(case: str, world: Any) -> None:
    state = world.spec.feature(case).state
    assert json.loads(json.dumps(state, allow_nan=False)) == state


@every_case
def test_unknown_option_is_refused(case: str) -> None:
    options = feature_type(CASES[case]["type"]).Options
    with pytest.raises(ValidationError, match="no_such_option"):
        options.model_validate({"no_such_option": 1})


def test_columns_without_any_training_value_can_be_fitted(world: Any, tmp_path: Any) -> None:
    import dataclasses

    nothing_known = dataclasses.replace(world.dataset, known_items=2)
    vocabulary = nothing_known.folder / "vocabularies" / "item_id.txt"
    text = vocabulary.read_text()
    vocabulary.write_text("")
    try:
        spec = fit_features(world.config, nothing_known, tmp_path / "spec")
    finally:
        vocabulary.write_text(text)
    encoder = FeatureEncoder(spec)
    raw = {k: tf.constant(v) for k, v in feed(tmp_path / "spec", "item", ROWS).items()}
    for value in tf.function(lambda: encoder.encode("item", raw))().values():
        assert np.isfinite(value.numpy()).all()


def test_types_import_without_tensorflow() -> None:
    code = (
        "import sys; from configs import plugins;"
        "[plugins.load('feature', name) for name in plugins.names('feature')];"
        "heavy = {'tensorflow', 'duckdb', 'pyarrow', 'scipy'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
