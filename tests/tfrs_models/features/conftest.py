from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.datasets import make_dataset
from support.features import CASES, COLUMNS, ODD_ROWS, TRAINING_ROWS

from configs.features import FeaturesConfig
from tfrs_models.backend import tf
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.features.encode import compile_encoder
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.fit import fit_features
from tfrs_models.features.spec import FeatureSpec

HISTORY = {"max_length": 3, "event_types": True, "time_gaps": True}
ROWS = {
    **{f"i{index}": row for index, row in enumerate(TRAINING_ROWS)},
    **{f"later{index:02}": row for index, row in enumerate(ODD_ROWS)},
}


@dataclass(frozen=True)
class World:
    """Every case fitted, compiled and loaded from a SavedModel."""

    folder: Path
    config: FeaturesConfig
    dataset: PreparedDataset
    spec: FeatureSpec
    encoder: FeatureEncoder
    compiled: Any
    served: Any


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("features")
    items = {name: {c: row.get(c) for c in COLUMNS} for name, row in ROWS.items()}
    known = [f"i{index}" for index in range(len(TRAINING_ROWS))]
    dataset = make_dataset(folder / "dataset", ["u"] * len(known), known, items=items)
    config = FeaturesConfig.model_validate(
        {"item": {"item_id": {"type": "categorical"}, **CASES}, "history": HISTORY}
    )
    spec = fit_features(config, dataset, folder / "spec")
    encoder = FeatureEncoder(spec)
    tf.saved_model.save(_serving(encoder), str(folder / "saved"))
    served = tf.saved_model.load(str(folder / "saved"))
    compiled = compile_encoder(encoder, "item")
    return World(folder, config, dataset, spec, encoder, compiled, served)


def _serving(encoder: FeatureEncoder) -> Any:
    module = tf.Module()
    module.encoder = encoder
    module.item = compile_encoder(encoder, "item")
    module.history = tf.function(
        encoder.encode_history, input_signature=[encoder.history_signature()]
    )
    return module


def assert_same(left: Any, right: Any) -> None:
    """Same names, dtypes and bits."""
    assert set(left) == set(right)
    for name in left:
        a, b = np.asarray(left[name]), np.asarray(right[name])
        assert a.dtype == b.dtype, name
        np.testing.assert_array_equal(a, b, err_msg=name, strict=True)
