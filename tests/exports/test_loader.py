import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from support.bundles import Run

from configs.errors import ArtifactError, ConfigError
from exports.loader import Input, load_model
from exports.raw import missing_rows
from tfrs_models.backend import tf


def query(run: Run, rows: int = 2) -> dict[str, np.ndarray]:
    inputs = load_model(run.bundle / "models" / "embed_query").inputs
    arrays = {name: missing_rows(described, rows) for name, described in inputs.items()}
    return arrays | {
        "user_id": np.array([f"u{row}" for row in range(rows)], object),
        "history": np.full((rows, 1), "i1", object),
    }


def test_answers_as_the_eager_loader_does(run: Run) -> None:
    folder, raw = run.bundle / "models" / "embed_query", query(run)
    eager = tf.saved_model.load(str(folder)).signatures["serving_default"]
    expected = eager(**{name: tf.constant(values) for name, values in raw.items()})
    answer = load_model(folder)(raw)
    np.testing.assert_array_equal(answer["query_embedding"], expected["query_embedding"].numpy())


def test_a_signature_that_is_not_there_is_refused(run: Run) -> None:
    with pytest.raises(ArtifactError, match=r"no signature `embed`, but .*serving_default"):
        load_model(run.bundle / "models" / "rank", signature="embed")


def test_describes_its_inputs(run: Run) -> None:
    inputs = load_model(run.bundle / "models" / "rank").inputs
    assert inputs["age"] == Input("float32", (None,))
    assert inputs["image"] == Input("float32", (None, 3))
    assert inputs["timestamp"] == Input("int64", (None,))
    assert inputs["history"] == Input("string", (None, None))


def test_two_threads_get_the_answers_of_one(run: Run) -> None:
    model = load_model(run.bundle / "models" / "embed_query", threads=1)
    batches = [query(run, rows) for rows in range(1, 9)]
    expected = [model(batch)["query_embedding"] for batch in batches]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda batch: model(batch)["query_embedding"], batches * 5))
    for answer, row in zip(answers, expected * 5, strict=True):
        np.testing.assert_allclose(answer, row, atol=1e-6)


def test_models_do_not_share_state(run: Run) -> None:
    first, second = (load_model(run.bundle / "models" / "embed_query") for _ in range(2))
    first.close()
    assert second(query(run))["query_embedding"].shape[0] == 2


def test_a_closed_model_is_freed_without_a_collection(run: Run) -> None:
    model = load_model(run.bundle / "models" / "embed_query")
    model(query(run))
    graph = weakref.ref(model.session.graph)
    gc.disable()
    try:
        model.close()
        del model
        assert graph() is None
    finally:
        gc.enable()


def test_a_closed_model_answers_no_more(run: Run) -> None:
    model = load_model(run.bundle / "models" / "embed_query")
    model.close()
    with pytest.raises(tf.errors.CancelledError, match="closed"):
        model(query(run))


@pytest.mark.slow
def test_reloading_gives_the_memory_back(run: Run) -> None:
    folder = run.bundle / "models" / "embed_candidate"

    def reload(times: int) -> None:
        for _ in range(times):
            model = load_model(folder)
            model({name: missing_rows(d, 3) for name, d in model.inputs.items()})
            model.close()
        gc.collect()

    def resident_mib() -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * 4096 / 2**20

    reload(5)
    before = resident_mib()
    reload(20)
    # Eager loading would keep some MiB for each of the 20; allocators may keep a few in all.
    assert resident_mib() - before < 20


def test_a_missing_input_is_named(run: Run) -> None:
    raw = query(run)
    del raw["city"]
    with pytest.raises(ArtifactError, match="age, city, history"):
        load_model(run.bundle / "models" / "embed_query")(raw)


def test_an_array_of_another_shape_is_named(run: Run) -> None:
    model = load_model(run.bundle / "models" / "embed_query")
    with pytest.raises(ConfigError, match=r"`history` .* \[None, None\] .*got \[2\]"):
        model(query(run) | {"history": np.array(["i1", "i2"], object)})


def test_lists_and_other_numbers_are_cast(run: Run) -> None:
    model, arrays = load_model(run.bundle / "models" / "embed_query"), query(run)
    cast = {name: values.tolist() for name, values in arrays.items()}
    expected = model(arrays)["query_embedding"]
    np.testing.assert_array_equal(model(cast)["query_embedding"], expected)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no model can be loaded from"):
        load_model(tmp_path)


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"no protocol buffer")
    with pytest.raises(ArtifactError, match="Export the bundle again"):
        load_model(tmp_path)


def test_missing_rows_hold_the_missing_value_of_each_type() -> None:
    assert missing_rows(Input("string", (None,)), 2).tolist() == ["", ""]
    assert missing_rows(Input("int64", (None,)), 1).tolist() == [-1]
    assert np.isnan(missing_rows(Input("float32", (None, 3)), 2)).all()
