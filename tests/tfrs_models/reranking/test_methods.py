"""What every method must do."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.candidates import make_candidates, rerank

from configs import plugins
from configs.errors import ConfigError, DataError
from tfrs_models.reranking.candidates import Candidates

NAMES = plugins.names("reranking")
# Settings that a method cannot do without.
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "category_cap": {"column": "genre", "most": 2},
    "calibrated": {"column": "genre"},
    "rules": {
        "exclude": [{"column": "genre", "value": "g3"}],
        "pin": [{"column": "genre", "value": "g2", "position": 2}],
        "quotas": [{"column": "genre", "value": "g1", "at_most": 0.5}],
    },
}
N = 30


@pytest.fixture(params=NAMES)
def step(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    return {"type": request.param, **SETTINGS.get(request.param, {})}


def random_candidates(size: int = N, seed: int = 0) -> Candidates:
    random = np.random.default_rng(seed)

    def genres(rows: int) -> list[list[str]]:
        drawn = (random.choice(6, random.integers(0, 3), replace=False) for _ in range(rows))
        return [[f"g{number}" for number in row] for row in drawn]

    return make_candidates(
        size,
        columns={"genre": genres(size)},
        vectors=random.standard_normal((size, 4)),
        popularity=random.integers(0, 50, size),
        days=random.integers(0, 90, size),
        history={"genre": genres(8)},
        scores=-np.sort(random.standard_normal(size)),
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_list_holds_k_candidates_once(step: Mapping[str, Any], seed: int) -> None:
    order = rerank(random_candidates(seed=seed), 8, step)
    assert len(order) == len(set(order)) == 8
    assert set(order) <= set(range(N))


@pytest.mark.parametrize("k", [N, N + 1, 1000])
def test_a_long_list_holds_all_that_is_not_left_out(step: Mapping[str, Any], k: int) -> None:
    order = rerank(random_candidates(), k, step)
    # Rules exclude one of six genres; the others leave nothing out where k is not reached.
    assert len(order) == len(set(order)) <= N
    assert len(order) == N or step["type"] == "rules"


def test_the_same_candidates_give_the_same_list(step: Mapping[str, Any]) -> None:
    assert rerank(random_candidates(), 9, step) == rerank(random_candidates(), 9, step)


def test_no_candidates_give_an_empty_list(step: Mapping[str, Any]) -> None:
    assert rerank(random_candidates(0), 5, step) == []


def test_one_candidate_stays(step: Mapping[str, Any]) -> None:
    one = make_candidates(
        1, {"genre": [["g1"]]}, [[1, 0]], [3], [2], history={"genre": [["g1"], ["g2"]]}
    )
    assert rerank(one, 5, step) == [0]


def test_candidates_that_are_alike_keep_their_order(step: Mapping[str, Any]) -> None:
    same = make_candidates(
        4, {"genre": [["g1"]] * 4}, [[1, 0]] * 4, [3] * 4, [2] * 4, {"genre": [["g1"]]}, [1.0] * 4
    )
    assert rerank(same, 4, step) == [0, 1, 2, 3]


def test_candidates_of_which_nothing_is_known_keep_their_order(step: Mapping[str, Any]) -> None:
    bare = make_candidates(
        5, {"genre": [[]] * 5}, np.zeros((5, 2)), [0] * 5, [-9] * 5, {"genre": []}
    )
    assert rerank(bare, 5, step) == [0, 1, 2, 3, 4]


def test_a_factor_and_a_constant_on_the_scores_change_nothing(step: Mapping[str, Any]) -> None:
    candidates = random_candidates()
    moved = replace(candidates, scores=8 * candidates.scores + 5)
    assert rerank(candidates, 10, step) == rerank(moved, 10, step)


@pytest.mark.parametrize("name", ["mmr", "dpp", "freshness", "novelty", "calibrated"])
def test_by_rank_a_sigmoid_of_the_scores_changes_nothing(name: str) -> None:
    step = {"type": name, "scale": "rank", **SETTINGS.get(name, {})}
    candidates = random_candidates()
    sigmoid = replace(candidates, scores=1 / (1 + np.exp(-candidates.scores)))
    assert rerank(candidates, 10, step) == rerank(sigmoid, 10, step)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_finite_are_refused(step: Mapping[str, Any], value: float) -> None:
    scores = np.array([3.0, value, 1.0])
    broken = replace(random_candidates(3), scores=scores)
    with pytest.raises(DataError, match=r"`scores` .* finite, received .* at place 2"):
        rerank(broken, 2, step)


def test_scores_that_rise_are_refused(step: Mapping[str, Any]) -> None:
    with pytest.raises(DataError, match=r"received 1\.0 and then 2\.0 at place 2"):
        rerank(replace(random_candidates(2), scores=np.array([1.0, 2.0])), 2, step)


def test_a_list_of_no_place_is_refused(step: Mapping[str, Any]) -> None:
    with pytest.raises(ConfigError, match="`k` must be at least 1, got 0"):
        rerank(random_candidates(3), 0, step)


def test_every_method_is_named_by_what_the_suite_can_run() -> None:
    assert set(SETTINGS) <= set(NAMES)


def test_the_methods_are_numpy_alone() -> None:
    code = (
        "import sys; from configs import plugins;"
        "[plugins.load('reranking', name) for name in plugins.names('reranking')];"
        "import tfrs_models.reranking.chain;"
        "sys.exit(bool({'tensorflow', 'duckdb', 'scipy', 'pyarrow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
