"""ScaNN inside a SavedModel answers as the exact search of the request model does."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from support.bundles import Run, make_run

from exports.loader import LoadedModel, load_model
from exports.raw import missing_rows
from exports.requests.scann_model import ScannItems, ScannModel
from exports.verification.opened import opened_checks
from exports.verification.static import static_checks
from tfrs_models.backend import tf

INPUTS = ("k", "exclude")


def items_of(run: Run, **options: Any) -> ScannItems:
    embeddings = np.load(run.bundle / "index" / "exact" / "embeddings.npy")
    ids = pq.read_table(run.bundle / "items.parquet").column("item_id").to_pylist()
    return ScannItems.of(ids, embeddings, options, seed=1)


TREE = {"brute_force_below": 0, "leaves_to_search": 6}


# ScaNN's operations restore no index with second partitions: the setting is left out.
@pytest.fixture(scope="module", params=[{}, TREE, TREE | {"soar": 1.5}])
def folder(run: Run, request: pytest.FixtureRequest, tmp_path_factory: Any) -> Path:
    path = tmp_path_factory.mktemp("models") / "retrieve_scann"
    items = items_of(run, **request.param)
    ScannModel(run.parts.encoder, run.parts.retriever, items, exclude_seen=True).save(path)
    return path


@pytest.fixture(scope="module")
def model(folder: Path) -> LoadedModel:
    return load_model(folder)


@pytest.fixture(scope="module")
def exact(run: Run) -> LoadedModel:
    return load_model(run.bundle, signature="retrieve")


def asked(model: LoadedModel, k: int, exclude: list[str]) -> dict[str, Any]:
    given = {n: missing_rows(d, 2) for n, d in model.inputs.items() if n != "k"}
    given["user_id"] = np.array(["u1", "u2"], object)
    given["history"] = np.array([["i1", "i2"], ["", "i5"]], object)
    given["exclude"] = np.array([exclude, [""] * len(exclude)], object)
    return given | {"k": np.full(2, k, np.int32)}


@pytest.mark.parametrize("exclude", [[""], [f"i{number}" for number in range(20)]])
def test_answers_are_those_of_exact_search(
    model: LoadedModel, exact: LoadedModel, exclude: list[str]
) -> None:
    found, expected = (one(asked(one, 8, exclude)) for one in (model, exact))
    np.testing.assert_array_equal(found["item_id"], expected["item_id"])
    np.testing.assert_allclose(found["retrieval_score"], expected["retrieval_score"], atol=1e-5)
    assert found["count"].tolist() == [8, 8]


def test_excluded_items_never_come_back(model: LoadedModel) -> None:
    found = model(asked(model, 40, ["i0", "unknown"]))
    names = {name.decode() for name in found["item_id"][0]}
    assert not names & {"i0", "i1", "i2"}
    assert found["count"].tolist() == [37, 39]


def test_each_item_comes_once_where_a_query_has_interests(run: Run) -> None:
    class Two:
        def embed_query(self, encoded: Any) -> Any:
            one = run.parts.retriever.embed_query(encoded)
            return tf.stack([one, -one], axis=1)

        embed_candidate = run.parts.retriever.embed_candidate

    two = ScannModel(run.parts.encoder, Two(), items_of(run), exclude_seen=False)
    given = {n: tf.constant(v) for n, v in _raw(run).items()}
    found = two.retrieve(given)["item_id"].numpy()
    assert all(len(set(row)) == 40 for row in found.tolist())


def _raw(run: Run) -> dict[str, Any]:
    model = load_model(run.bundle, signature="retrieve")
    return {n: v for n, v in asked(model, 40, [""]).items() if n != "only"}


def test_without_its_operations_the_model_is_refused(folder: Path) -> None:
    code = "import sys\nfrom tfrs_models.backend import tf\ntf.saved_model.load(sys.argv[1])\n"
    command = [sys.executable, "-c", code, str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "Scann>" in ended.stderr


def test_a_bundle_holds_the_model_when_it_is_asked_for(tmp_path: Path) -> None:
    bundle = make_run(tmp_path, export={"scann_model": True}).bundle
    checks = {check.name for check in opened_checks(bundle)}
    assert "replayed models/retrieve_scann" in checks
    # Fails where an operation is not allowed.
    assert len(list(static_checks(bundle))) > 0
