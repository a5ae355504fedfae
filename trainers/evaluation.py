"""Measures the trained stages and every baseline on the same test queries."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from tfrs_models.data.dataset import TEST
from tfrs_models.evaluation.cold_start import Rank, as_new_users, with_cold_start
from tfrs_models.evaluation.content import content_vectors
from tfrs_models.evaluation.metrics_file import flatten, write_metrics
from tfrs_models.evaluation.queries import Queries, build_queries
from tfrs_models.evaluation.report import SystemResult, evaluate_lists
from tfrs_models.evaluation.runner import evaluate_baselines
from tfrs_models.evaluation.table import cold_start_markdown, markdown
from trainers.folders import DONE, read_done
from trainers.ranking.lists import ranked
from trainers.ranking.windows import test_window
from trainers.retrieval import Material, retrieve

if TYPE_CHECKING:
    from trainers.run import Trained

EXPORT = "export"
METRICS_FILE = "metrics.json"
TABLE_FILE = "table.md"


def test_queries(material: Material) -> Queries:
    """The queries of the test events.

    Raises:
        DataError: there are none.
    """
    config = material.config
    queries = build_queries(material.dataset, TEST, config.evaluation, config.seed)
    if not len(queries):
        raise DataError(
            "no user has a test target: enlarge the test part of `data.split.options`, or set "
            "`evaluation.exclude_seen: false` when users mostly come back to what they know"
        )
    return queries


def measured(trained: "Trained", folder: Path) -> tuple[list[SystemResult], dict[str, float]]:
    """Results of every system, and the flat metrics; `metrics.json` and `table.md` are written."""
    material = trained.material
    queries = test_queries(material)
    results = [
        *evaluate_baselines(
            material.dataset, queries, material.config.evaluation, material.config.seed
        ),
        *_stages(trained, queries),
    ]
    text = f"{markdown(results)}\n## Cold start\n\n{cold_start_markdown(results)}"
    (folder / TABLE_FILE).write_text(text, encoding="utf-8")
    return results, add_speed(flatten(results), folder)


def add_speed(metrics: Mapping[str, float], folder: Path) -> dict[str, float]:
    """The metrics and how long each stage that is done took; written to `metrics.json`."""
    everything = {**metrics, **_speed(folder)}
    write_metrics(folder / METRICS_FILE, everything)
    return everything


def _stages(trained: "Trained", queries: Queries) -> list[SystemResult]:
    config, dataset = trained.material.config, trained.material.dataset
    vectors = content_vectors(dataset)
    new_users = as_new_users(queries, config.seed)
    results = []
    for name, group, rank in _ranks(trained):
        start = time.perf_counter()
        lists = rank(queries)
        seconds = time.perf_counter() - start
        result = evaluate_lists(
            name, group, lists, queries, dataset, config.evaluation, config.seed, vectors, seconds
        )
        results.append(with_cold_start(result, rank, new_users))
    return results


def _ranks(trained: "Trained") -> Iterator[tuple[str, str, Rank]]:
    """Name, group and lists of each stage."""
    material, two_tower, ranker = trained.material, trained.two_tower, trained.ranker
    num_items = material.dataset.num_items
    k = max(material.config.evaluation.ks)
    yield "two_tower", "retrieval", lambda asked: retrieve(two_tower, material, asked, k, num_items)
    if ranker is not None:
        window = test_window(material)

        def rank(asked: Queries) -> NDArray[np.int32]:
            return ranked(ranker, two_tower, window, asked).lists[:, :k]

        yield "two_stage", "two_stage", rank


def _speed(folder: Path) -> dict[str, float]:
    """Seconds of the stages that are done, and examples/s of the trained ones."""
    speed: dict[str, float] = {}
    for name in ("prepare", "retrieval", "ranking", "refit", EXPORT):
        if (folder / name / DONE).exists():
            record = read_done(folder / name)
            for key in ("seconds", "examples_per_second", "epochs", "best_epoch"):
                if key in record:
                    speed[f"training.{name}.{key}"] = float(record[key])
    return speed
