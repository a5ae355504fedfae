"""Measures the trained stages and every baseline on the same test queries."""

import datetime
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from configs.formula import SCORE
from tfrs_models.data.dataset import TEST
from tfrs_models.evaluation.cold_start import Rank, as_new_users, with_cold_start
from tfrs_models.evaluation.content import content_vectors
from tfrs_models.evaluation.intervals import Bootstrap
from tfrs_models.evaluation.metrics_file import flatten, write_metrics
from tfrs_models.evaluation.queries import Queries, build_queries, sample
from tfrs_models.evaluation.report import SystemResult, evaluate_lists
from tfrs_models.evaluation.reranked import as_served, dataset_catalogue, rerank_lists
from tfrs_models.evaluation.runner import evaluate_baselines
from tfrs_models.evaluation.table import cold_start_markdown, markdown
from tfrs_models.evaluation.tasks import TaskResult
from tfrs_models.evaluation.tradeoff import Point, Ranked, tradeoff
from tfrs_models.models.ranker import Ranker
from tfrs_models.reranking.chain import open_chain
from trainers.folders import DONE, read_done
from trainers.ranking.evaluation import CandidatesResult, by_candidates, perfect, task_results
from trainers.ranking.lists import RankedLists, ranked
from trainers.ranking.tables import candidates_markdown, tasks_markdown
from trainers.ranking.windows import window_of_test
from trainers.report.about import about
from trainers.report.page import write_report
from trainers.retrieval import Material, candidate_embeddings, retrieve

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


@dataclass(frozen=True)
class Measured:
    """Everything that a run's report shows.

    Attributes:
        results: of every system, in the order of the tables.
        tasks: of the ranking model; empty without one.
        candidates: both stages by the number of retrieved candidates; empty without a ranker.
        curve: relevance against diversity of what re-ranking could do.
    """

    results: Sequence[SystemResult]
    tasks: Sequence[TaskResult]
    candidates: Sequence[CandidatesResult]
    curve: Sequence[Point]


def measured(trained: "Trained", folder: Path) -> tuple[Measured, dict[str, float]]:
    """All measurements, and the flat ones; metrics, tables and report are written to `folder`."""
    material = trained.material
    queries = test_queries(material)
    baselines = evaluate_baselines(
        material.dataset, queries, material.config.evaluation, material.config.seed
    )
    stages = Stages(trained, queries)
    found = Measured(
        [*baselines, *stages.results()], stages.tasks(), stages.candidates(), stages.curve()
    )
    return found, written(found, material, folder)


def stages_alone(trained: "Trained", folder: Path) -> dict[str, float]:
    """The flat measurements of both stages and their tasks, in a fraction of the time.

    No baseline is fitted and no other number of candidates is tried. They are written likewise.
    """
    stages = Stages(trained, test_queries(trained.material))
    found = Measured(stages.results(), stages.tasks(), (), ())
    return written(found, trained.material, folder)


def written(found: Measured, material: Material, folder: Path) -> dict[str, float]:
    """The flat measurements; they, tables and the report are in `folder`."""
    write_tables(found, folder)
    metrics = add_speed(flattened(found), folder)
    write_page(found, metrics, material, folder)
    return metrics


def write_page(
    found: Measured, metrics: Mapping[str, float], material: Material, folder: Path
) -> None:
    """Write `report.html` with what is known of the run by now; it is cheap to do again."""
    now = datetime.datetime.now(datetime.UTC)
    write_report(found, metrics, about(material, test_queries(material), folder, now), folder)


def write_tables(found: Measured, folder: Path) -> None:
    """Write `table.md`."""
    parts = [markdown(found.results), "\n## Cold start\n\n", cold_start_markdown(found.results)]
    if found.tasks:
        parts += ["\n## Ranking tasks\n\n", tasks_markdown(found.tasks)]
    if found.candidates:
        parts += ["\n## Retrieved candidates\n\n", candidates_markdown(found.candidates)]
    (folder / TABLE_FILE).write_text("".join(parts), encoding="utf-8")


def flattened(found: Measured) -> dict[str, float]:
    """All measurements under flat keys, see `flatten`.

    Those of tasks are called `ranking.TASK.auc`, those of numbers of candidates
    `candidates.200.ndcg@10`.
    """
    flat = flatten(found.results)
    for task in found.tasks:
        flat |= {f"ranking.{task.name}.{name}": value for name, value in task.values.items()}
    for row in found.candidates:
        key = f"candidates.{row.candidates}"
        flat |= {f"{key}.recall": row.recall, f"{key}.ndcg@10": row.ndcg.mean}
        flat |= {f"{key}.milliseconds": row.milliseconds}
    return flat


def add_speed(metrics: Mapping[str, float], folder: Path) -> dict[str, float]:
    """The metrics and how long each stage that is done took; written to `metrics.json`."""
    everything = {**metrics, **_speed(folder)}
    write_metrics(folder / METRICS_FILE, everything)
    return everything


class Stages:
    """What the trained stages answer to the test queries, and how good that is.

    Args:
        trained: the models.
        queries: the test queries.
    """

    def __init__(self, trained: "Trained", queries: Queries) -> None:
        self._trained = trained
        self._queries = queries
        self._config = trained.material.config
        self._vectors = content_vectors(trained.material.dataset)
        self._new_users = as_new_users(queries, self._config.seed)
        self._window = window_of_test(trained.material)
        self._answers: list[tuple[Queries, RankedLists]] = []

    def results(self) -> list[SystemResult]:
        """Of each stage, and of a perfect ranker of the same candidates."""
        k = max(self._config.evaluation.ks)
        results = [self._result("two_tower", "retrieval", self._retrieve)]
        if self._trained.ranker is not None:
            results.append(
                self._result(
                    "two_stage", "two_stage", lambda asked: self._ranked(asked).lists[:, :k]
                )
            )
            if self._config.reranking.steps:
                results.append(self._result("reranked", "two_stage", self._rerank))
            results.append(
                self._result(
                    "perfect_ranker",
                    "two_stage",
                    lambda asked: perfect(self._ranked(asked).requests)[:, :k],
                )
            )
        return results

    def tasks(self) -> list[TaskResult]:
        """Of each ranking task."""
        ranker = self._trained.ranker
        return [] if ranker is None else task_results(ranker, self._ranked(self._queries))

    def candidates(self) -> list[CandidatesResult]:
        """By the number of retrieved candidates."""
        ranker = self._trained.ranker
        if ranker is None:
            return []
        bootstrap = Bootstrap(self._config.evaluation.bootstrap_samples, self._config.seed)
        return by_candidates(
            ranker, self._trained.two_tower, self._window, self._queries, bootstrap
        )

    def curve(self) -> list[Point]:
        """Relevance against diversity, for a sample of the queries."""
        users = self._config.evaluation.curve_users
        if self._trained.ranker is None or users == 0:
            return []
        material = self._trained.material
        asked = sample(self._queries, users, self._config.seed)
        ranked = self._ranked(asked)
        return tradeoff(
            Ranked(ranked.requests.lists, ranked.outputs[SCORE], asked),
            material.dataset,
            material.spec,
            candidate_embeddings(self._trained.two_tower, material),
            self._vectors,
        )

    def _result(self, name: str, group: str, rank: Rank) -> SystemResult:
        start = time.perf_counter()
        lists = rank(self._queries)
        seconds = time.perf_counter() - start
        result = evaluate_lists(
            name,
            group,
            lists,
            self._queries,
            self._trained.material.dataset,
            self._config.evaluation,
            self._config.seed,
            self._vectors,
            seconds,
        )
        return with_cold_start(result, rank, self._new_users)

    def _retrieve(self, asked: Queries) -> NDArray[np.int32]:
        material = self._trained.material
        k = max(self._config.evaluation.ks)
        return retrieve(self._trained.two_tower, material, asked, k, material.dataset.num_items)

    def _ranked(self, asked: Queries) -> RankedLists:
        """Both stages' answer; systems and measures that ask for the same queries share one."""
        for queries, answer in self._answers:
            if queries is asked:
                return answer
        ranker = cast(Ranker, self._trained.ranker)  # asked only where there is one
        answer = ranked(ranker, self._trained.two_tower, self._window, asked)
        self._answers.append((asked, answer))
        return answer

    def _rerank(self, asked: Queries) -> NDArray[np.int32]:
        material = self._trained.material
        chain = open_chain(self._config.reranking)
        vectors = candidate_embeddings(self._trained.two_tower, material)
        catalogue = dataset_catalogue(material.dataset, material.spec, chain.needs, vectors)
        found = self._ranked(asked)
        known = as_served(asked, material.dataset, material.spec)
        k = max(self._config.evaluation.ks)
        return rerank_lists(chain, catalogue, found.requests.lists, found.outputs[SCORE], known, k)


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
