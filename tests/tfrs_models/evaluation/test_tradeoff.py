import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from support.datasets import make_dataset

from configs.evaluation import EvaluationConfig
from configs.features import FeaturesConfig
from tfrs_models.data.dataset import TEST, TRAIN
from tfrs_models.evaluation.queries import build_queries
from tfrs_models.evaluation.tradeoff import Point, Ranked, tradeoff
from tfrs_models.features.fit import fit_features

# Items a, b, c, y, z in rows 2 to 6; u took c and then z. The candidates are a, b, z, y.
KINDS = {"a": "x", "b": "x", "c": "w", "y": "x", "z": "w"}
# a and b point one way, all others each their own; the last number is the prior.
EMBEDDINGS = np.array(
    [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [1, 0, 0, 0, 9],
        [1, 0, 0, 0, 1],
        [0, 1, 0, 0, 9],
        [0, 0, 1, 0, 9],
        [0, 0, 0, 1, 9],
    ],
    np.float32,
)


def curve(folder: Path, column: str | None) -> list[Point]:
    dataset = make_dataset(
        folder / "dataset",
        ["u", "u", "v", "v", "v"],
        ["c", "z", "a", "b", "y"],
        split=[TRAIN, TEST, TRAIN, TRAIN, TRAIN],
        items={name: {"kind": kind} for name, kind in KINDS.items()},
    )
    spec = fit_features(FeaturesConfig(), dataset, folder / "features")
    ranked = Ranked(
        np.array([[2, 3, 6, 5]], np.int32),
        np.array([[4, 3, 2, 1]]),
        build_queries(dataset, TEST, EvaluationConfig(), 0),
    )
    vectors = EMBEDDINGS[:, :-1]
    return tradeoff(ranked, dataset, spec, EMBEDDINGS, vectors, 2, column, grid=(1.0, 0.2))


@pytest.fixture
def points(tmp_path: Path) -> dict[tuple[str, float], Point]:
    return {(point.method, point.relevance): point for point in curve(tmp_path, "kind")}


@pytest.mark.parametrize("method", ["mmr", "dpp", "calibrated"])
def test_a_relevance_of_1_measures_the_order_as_it_is(
    points: dict[tuple[str, float], Point], method: str
) -> None:
    # The list a, b has no target, one direction, two of five items and no w, of which the history
    # is: ln(1 / .01). Gini of exposures 0, 0, 0, 1, 1: (2 + 4) / (5 * 2).
    expected = Point(method, 1.0, 2, 0.0, 0.0, 0.4, 0.6, pytest.approx(math.log(100)))
    assert points[method, 1.0] == expected


@pytest.mark.parametrize("method", ["mmr", "dpp"])
def test_diversity_brings_what_is_unlike(
    points: dict[tuple[str, float], Point], method: str
) -> None:
    # a, then z, which is unlike a and before y: the target in the second of two places.
    point = points[method, 0.2]
    assert point.diversity == 1
    assert point.ndcg == pytest.approx(1 / math.log2(3))


def test_calibration_brings_what_the_history_holds(
    points: dict[tuple[str, float], Point],
) -> None:
    # z, the only w, then a: half of the list is w. -ln(.99 * .5 + .01) = .683197.
    point = points["calibrated", 0.2]
    assert point.ndcg == 1
    assert point.miscalibration == pytest.approx(0.683197, abs=1e-6)


def test_without_a_column_nothing_is_calibrated(tmp_path: Path) -> None:
    found = curve(tmp_path, None)
    assert [(p.method, p.relevance) for p in found] == [
        ("mmr", 1.0),
        ("mmr", 0.2),
        ("dpp", 1.0),
        ("dpp", 0.2),
    ]
    assert {p.miscalibration for p in found} == {None}


def test_a_point_is_a_row_of_plain_values(points: dict[tuple[str, float], Point]) -> None:
    row = dataclasses.asdict(points["mmr", 0.2])
    assert {type(value) for value in row.values()} == {str, float, int}
