from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.datasets import make_dataset

from configs.features import FeaturesConfig
from tfrs_models.backend import tf
from tfrs_models.features.encode import encode_tables
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.fit import fit_features

CROSSES = {"pair": {"of": ["user_id", "item_id"], "buckets": 50}}


def _encoder(folder: Path, history: int = 3, **config: Any) -> FeatureEncoder:
    dataset = make_dataset(folder / "dataset", ["u", "v", "u"], ["a", "b", "c"])
    features = FeaturesConfig.model_validate({"history": {"max_length": history}, **config})
    return FeatureEncoder(fit_features(features, dataset, folder / "spec"))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> FeatureEncoder:
    return _encoder(tmp_path_factory.mktemp("encoder"), crosses=CROSSES)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["a", "b"], [2, 3, 0]),
        (["", "a", "", "b", ""], [2, 3, 0]),
        (["a", "unknown", "b"], [2, 3, 0]),
        (["a", "b", "c", "a"], [3, 4, 2]),
        (["", ""], [0, 0, 0]),
        ([], [0, 0, 0]),
    ],
)
def test_history_keeps_the_most_recent_known_items(
    encoder: FeatureEncoder, ids: list[str], expected: list[int]
) -> None:
    history = encoder.encode_history({"history": tf.constant([ids], tf.string)})["history"]
    assert history.dtype == tf.int32
    assert history.numpy().tolist() == [expected]


def test_history_of_no_rows_keeps_its_width(encoder: FeatureEncoder) -> None:
    nobody = {"history": tf.zeros([0, 4], tf.string)}
    assert encoder.encode_history(nobody)["history"].shape == (0, 3)


def test_history_can_be_off(tmp_path: Path) -> None:
    assert _encoder(tmp_path, history=0).encode_history({"history": tf.constant([["a"]])}) == {}


def _pair(encoder: FeatureEncoder, user: Any, item: Any) -> Any:
    encoded = {"user_id": np.array(user, np.int32), "item_id": np.array(item, np.int32)}
    return encoder.encode_crosses(encoded)["pair"].numpy()


def test_cross_of_an_absent_part_is_missing(encoder: FeatureEncoder) -> None:
    assert _pair(encoder, [[0], [2], [0]], [[3], [0], [0]]).tolist() == [[0], [0], [0]]


def test_cross_of_unknown_parts_has_a_bucket(encoder: FeatureEncoder) -> None:
    assert _pair(encoder, [[1]], [[1]])[0, 0] >= 2


def test_cross_depends_on_which_feature_has_which_id(encoder: FeatureEncoder) -> None:
    assert _pair(encoder, [[2]], [[3]]) != _pair(encoder, [[3]], [[2]])


def test_cross_takes_the_first_of_several_ids(encoder: FeatureEncoder) -> None:
    assert _pair(encoder, [[2, 9]], [[3, 7]]) == _pair(encoder, [[2]], [[3]])


def test_cross_never_changes(encoder: FeatureEncoder) -> None:
    # Mixing by hand, with 64-bit wrap-around: trained weights rest on these buckets.
    def bucket(*ids: int) -> int:
        mixed = 0
        for part in ids:
            mixed = ((mixed ^ part) * 0x9E3779B97F4A7C15) % 2**64
            signed = mixed - 2**64 if mixed >= 2**63 else mixed
            mixed = (signed ^ (signed >> 32)) % 2**64
        return (mixed - 2**64 if mixed >= 2**63 else mixed) % 50 + 2

    assert _pair(encoder, [[2], [77]], [[3], [12]]).tolist() == [[bucket(2, 3)], [bucket(77, 12)]]


def test_crosses_fill_their_buckets_evenly(encoder: FeatureEncoder) -> None:
    user, item = np.divmod(np.arange(40_000), 200)
    ids = _pair(encoder, user[:, None] + 2, item[:, None] + 2)
    # 800 a bucket; a fair hash deviates by about sqrt(800) = 28.
    counts = np.bincount(ids.ravel(), minlength=52)[2:]
    assert counts.min() > 650
    assert counts.max() < 950


def test_raw_signature_names_the_columns(encoder: FeatureEncoder) -> None:
    assert encoder.raw_signature("item") == {"item_id": tf.TensorSpec([None], tf.string, "item_id")}


def test_saved_model_moves_with_its_vocabularies(tmp_path: Path) -> None:
    module = tf.Module()
    module.encoder = _encoder(tmp_path)
    module.history = tf.function(
        module.encoder.encode_history, input_signature=[module.encoder.history_signature()]
    )
    tf.saved_model.save(module, str(tmp_path / "saved"))
    (tmp_path / "saved").rename(tmp_path / "moved")
    (tmp_path / "spec").rename(tmp_path / "gone")
    served = tf.saved_model.load(str(tmp_path / "moved"))
    found = served.history({"history": tf.constant([["b", "a"]])})["history"]
    assert found.numpy().tolist() == [[3, 2, 0]]


def test_saved_model_is_served_by_a_session(tmp_path: Path) -> None:
    module = tf.Module()
    module.encoder = _encoder(tmp_path)
    signature = tf.function(
        lambda ids: module.encoder.encode_history({"history": ids}),
        input_signature=[tf.TensorSpec([None, None], tf.string, name="ids")],
    )
    tf.saved_model.save(module, str(tmp_path / "saved"), {"serving_default": signature})
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], str(tmp_path / "saved"))
        tensors = loaded.signature_def["serving_default"]
        found = session.run(
            tensors.outputs["history"].name, {tensors.inputs["ids"].name: [[b"b", b"a"]]}
        )
    assert found.tolist() == [[3, 2, 0]]


def test_context_time_is_the_time_of_the_event(tmp_path: Path) -> None:
    hours = [5 * 3_600, 7 * 3_600 + 59]
    dataset = make_dataset(tmp_path / "d", ["u", "v"], ["a", "b"], hours)
    config = {"context": {"hour": {"type": "timestamp", "column": "timestamp", "part": "hour"}}}
    spec = fit_features(FeaturesConfig.model_validate(config), dataset, tmp_path / "s")
    tables = encode_tables(FeatureEncoder(spec), dataset, tmp_path / "e")
    assert tables.context["hour"].tolist() == [[7], [9]]


def test_large_vocabulary_is_saved_as_a_file(tmp_path: Path) -> None:
    ids = [f"item-{index}" for index in range(100_000)]
    dataset = make_dataset(tmp_path / "dataset", ["u"] * len(ids), ids)
    spec = fit_features(FeaturesConfig(), dataset, tmp_path / "spec")
    module = tf.Module()
    module.encoder = FeatureEncoder(spec)
    module.item = tf.function(
        lambda ids: module.encoder.encode("item", {"item_id": ids}),
        input_signature=[tf.TensorSpec([None], tf.string)],
    )
    tf.saved_model.save(module, str(tmp_path / "saved"))
    graph = (tmp_path / "saved" / "saved_model.pb").stat().st_size
    assert graph < 200_000  # bytes; the ids alone are over a million
