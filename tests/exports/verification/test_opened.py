import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.tampering import exchange

from configs.errors import ArtifactError
from exports.verification.opened import opened_checks

EMBED = "models/embed_candidate"


def edit_request(bundle: Path, model: str, change: Callable[[Any], None]) -> None:
    path = bundle / "requests.json"
    content = json.loads(path.read_text())
    change(next(one for one in content["requests"] if one["model"] == model))
    path.write_text(json.dumps(content))


def shift(number: float) -> Callable[[Any], None]:
    def change(request: Any) -> None:
        request["outputs"]["candidate_embedding"]["values"][3] += number

    return change


def test_a_sound_bundle_names_all_it_checked(recorded: Path) -> None:
    found = {check.name: check.found for check in opened_checks(recorded)}
    models = (".", "models/embed_candidate", "models/embed_query", "models/rank")
    named = [f"{what} {model}" for model in models for what in ("loaded", "replayed")]
    assert [*found] == [*named, "opened index exact", "opened index scann"]
    assert found["opened index exact"] == "40 items, width 8"
    assert found["replayed models/rank"].startswith("3 requests, ids equal")


def test_another_score_is_refused(bundle: Path) -> None:
    edit_request(bundle, EMBED, shift(1e-3))
    with pytest.raises(ArtifactError, match=f"`candidate_embedding` of request 1 to `{EMBED}`"):
        list(opened_checks(bundle))


def test_a_score_may_differ_by_rounding(bundle: Path) -> None:
    edit_request(bundle, EMBED, shift(5e-6))
    list(opened_checks(bundle))


def test_another_id_is_refused(bundle: Path) -> None:
    def change(request: Any) -> None:
        request["outputs"]["item_id"]["values"][1] = "i39x"

    edit_request(bundle, ".", change)
    with pytest.raises(ArtifactError, match="recorded `i39x` at 1 as `item_id` of request 8 "):
        list(opened_checks(bundle))


def test_another_number_of_answers_is_refused(bundle: Path) -> None:
    def change(request: Any) -> None:
        request["outputs"]["count"] |= {"shape": [2], "values": [10, 10]}

    edit_request(bundle, ".", change)
    with pytest.raises(ArtifactError, match=r"recorded the shape \[2\] as `count` .* got \[1\]"):
        list(opened_checks(bundle))


def test_values_that_do_not_fit_their_shape_are_refused(bundle: Path) -> None:
    def change(request: Any) -> None:
        request["inputs"]["item_id"]["shape"] = [3]

    edit_request(bundle, EMBED, change)
    with pytest.raises(ArtifactError, match="must hold requests that the model answers"):
        list(opened_checks(bundle))


def test_a_request_to_no_model_is_refused(bundle: Path) -> None:
    def change(request: Any) -> None:
        request["model"] = "../elsewhere"

    edit_request(bundle, EMBED, change)
    with pytest.raises(ArtifactError, match=r"ask models of the bundle, got `\.\./elsewhere`"):
        list(opened_checks(bundle))


def test_weights_of_another_model_are_refused(bundle: Path) -> None:
    exchange(bundle, "models/embed_query/variables", "models/embed_candidate/variables")
    with pytest.raises(
        ArtifactError, match=r"`requests\.json` of the bundle|no model can be loaded"
    ):
        list(opened_checks(bundle))


def test_an_index_of_other_items_is_refused(bundle: Path) -> None:
    folder = bundle / "index" / "exact"
    np.save(folder / "embeddings.npy", np.ones((39, 8), np.float32))
    (folder / "index.json").write_text(json.dumps({"type": "exact", "size": 39, "dim": 8}))
    with pytest.raises(ArtifactError, match=r"`index/exact/index\.json` .* the 40 items, got 39"):
        list(opened_checks(bundle))


def test_an_index_that_the_manifest_names_must_be_there(bundle: Path) -> None:
    (bundle / "index" / "scann").rename(bundle / "index" / "other")
    with pytest.raises(ArtifactError, match=r"no index lies in .*index/scann"):
        list(opened_checks(bundle))
