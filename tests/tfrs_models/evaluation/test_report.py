import io
import json
import logging

import numpy as np
import pytest
from rich.console import Console

from configs.evaluation import EvaluationConfig
from tfrs_models.data.dataset import TEST
from tfrs_models.evaluation.metrics_file import flatten, write_metrics
from tfrs_models.evaluation.popularity import head, train_counts
from tfrs_models.evaluation.queries import build_queries
from tfrs_models.evaluation.report import beyond_accuracy, evaluate_lists
from tfrs_models.evaluation.runner import evaluate_baselines
from tfrs_models.evaluation.slices import slices
from tfrs_models.evaluation.table import markdown, table
from tfrs_models.evaluation.top_k import top_k_lists
from tfrs_models.metrics.accuracy import accuracy

CONFIG = EvaluationConfig(ks=(5, 20), bootstrap_samples=40)
BASELINES = ("most_popular", "item_knn")


@pytest.fixture
def queries(dataset):
    return build_queries(dataset, TEST, CONFIG, seed=0)


def perfect(queries, k=20):
    lists = np.zeros((len(queries), k), np.int32)
    for q, row in enumerate(np.split(queries.targets.items, queries.targets.indptr[1:-1])):
        lists[q, : len(row)] = row
    return lists


@pytest.fixture
def results(dataset, queries):
    config = CONFIG.model_copy(update={"baselines": BASELINES})
    baselines = evaluate_baselines(dataset, queries, config, seed=1)
    lists = perfect(queries)
    tower = evaluate_lists("two_tower", "retrieval", lists, queries, dataset, config, seed=1)
    final = evaluate_lists("two_stage", "two_stage", lists, queries, dataset, config, seed=1)
    return [*baselines, tower, final]


class TestSlices:
    def of(self, dataset, queries, name):
        return next(part for part in slices(dataset, queries) if part.name == name)

    def test_new_users_have_no_id_or_no_history(self, dataset, queries):
        part = self.of(dataset, queries, "new_users")
        assert len(part.queries) == 5
        assert (queries.user[part.queries] >= dataset.known_users).all()

    def test_new_items_restricts_the_targets(self, dataset, queries):
        part = self.of(dataset, queries, "new_items")
        # The item `new` is taken once, by u00; the other item outside the vocabulary by nobody.
        assert (len(part.queries), part.targets.lengths.tolist()) == (1, [1])
        assert (part.targets.items >= dataset.known_items).all()

    def test_tail_items_are_outside_the_most_popular_fifth(self, dataset, queries):
        part = self.of(dataset, queries, "tail_items")
        counts = train_counts(dataset)
        trained = np.sort(counts[counts > 0])[::-1]
        # The least popular item of the head bounds the tail.
        assert (counts[part.targets.items] <= trained[int(np.ceil(len(trained) / 5)) - 1]).all()
        assert part.targets.lengths.min() >= 1

    def test_history_buckets_part_the_queries(self, dataset, queries):
        parts = [part for part in slices(dataset, queries) if part.name.startswith("history_")]
        together = np.sort(np.concatenate([part.queries for part in parts]))
        assert together.tolist() == list(range(len(queries)))
        sizes = {part.name: len(part.queries) for part in parts}
        # 75 users have 6 training events and 1 validation event, 5 have none.
        assert sizes["history_0"] == 5
        assert sizes["history_5_to_19"] == len(queries) - 5

    def test_targets_stay_those_of_their_query(self, dataset, queries):
        for part in slices(dataset, queries):
            whole = queries.targets.take(part.queries)
            for mine, all_of_it in zip(
                np.split(part.targets.items, part.targets.indptr[1:-1]),
                np.split(whole.items, whole.indptr[1:-1]),
                strict=True,
            ):
                assert set(mine) <= set(all_of_it)


def test_head_rounds_up_and_breaks_ties_by_row():
    # Four items with events; 30% of 4, rounded up, are 2: row 4 and the lower of the two with 3.
    counts = np.array([0, 0, 3, 1, 9, 3, 0])
    assert np.flatnonzero(head(counts, 0.3)).tolist() == [2, 4]


def test_accuracy_of_the_report_is_that_of_the_metrics(dataset, queries):
    lists = perfect(queries)
    lists[::2] = 0
    result = evaluate_lists("x", "retrieval", lists, queries, dataset, CONFIG, seed=0)
    expected = accuracy(lists, queries.targets, CONFIG.ks)
    for name, values in expected.items():
        assert result.values[name].tolist() == values.tolist()
        assert result.intervals[name].mean == pytest.approx(values.mean())


def test_beyond_accuracy_by_hand(dataset):
    counts = train_counts(dataset)
    best = int(np.argmax(counts))
    lists = np.array([[best], [0]], np.int32)
    found = beyond_accuracy(lists, dataset, (1,), np.ones((dataset.num_items, 3), np.float32))
    catalogue = dataset.num_items - 2
    assert found["coverage@1"] == pytest.approx(1 / catalogue)
    assert found["gini@1"] == pytest.approx((catalogue - 1) / catalogue)
    assert found["popularity_share@1"] == 1
    assert found["novelty@1"] == pytest.approx(
        np.log2((counts.sum() + catalogue) / (counts[best] + 1))
    )
    # A list of one item has no pair.
    assert "diversity@1" not in found


def test_empty_lists_leave_undefined_values_out(dataset):
    found = beyond_accuracy(np.zeros((2, 5), np.int32), dataset, (5,))
    assert sorted(found) == ["coverage@5", "gini@5", "popularity_share@5"]


def test_keys_follow_the_contract(results):
    flat = flatten(results)
    for key in (
        "baselines.item_knn.recall@5",
        "baselines.item_knn.recall@5.low",
        "baselines.item_knn.coverage@20",
        "baselines.item_knn.diversity@20",
        "baselines.item_knn.seconds",
        "retrieval.two_tower.ndcg@20.high",
        "two_stage.ndcg@5",
        "slices.new_users.queries",
        "slices.new_users.baselines.item_knn.recall@20",
        "slices.history_5_to_19.two_stage.recall@20.low",
        "differences.two_tower-item_knn.recall@20",
        "differences.two_stage-item_knn.recall@20.low",
    ):
        assert key in flat
    assert all(np.isfinite(value) for value in flat.values())


def test_bounds_enclose_their_mean(results):
    flat = flatten(results)
    for key in [key for key in flat if f"{key}.low" in flat]:
        assert flat[f"{key}.low"] <= flat[key] + 1e-12
        assert flat[key] <= flat[f"{key}.high"] + 1e-12


def test_lists_of_the_whole_catalogue_hold_every_target(dataset, queries):
    """Past the catalogue the places are empty: they find nothing, and precision counts them."""
    config = CONFIG.model_copy(update={"ks": (500,), "bootstrap_samples": 0})
    everything = top_k_lists(
        lambda block: np.ones((len(block), dataset.num_items), np.float32),
        queries,
        dataset.num_items,
        500,
    )
    result = evaluate_lists("x", "retrieval", everything, queries, dataset, config, seed=0)
    assert (result.values["recall@500"] == 1).all()
    assert result.values["precision@500"].tolist() == (queries.targets.lengths / 500).tolist()
    assert result.beyond["coverage@500"] == 1


def test_the_difference_is_that_of_the_means(results):
    flat = flatten(results)
    gap = flat["two_stage.recall@20"] - flat["baselines.item_knn.recall@20"]
    assert flat["differences.two_stage-item_knn.recall@20"] == pytest.approx(gap)
    assert not any(key.startswith("differences.item_knn") for key in flat)


def test_an_empty_slice_has_a_count_and_no_values(results):
    flat = flatten(results)
    assert flat["slices.history_from_20.queries"] == 0
    assert not any(key.startswith("slices.history_from_20.") and "@" in key for key in flat)


def test_without_resamples_there_are_no_bounds(dataset, queries):
    config = CONFIG.model_copy(update={"bootstrap_samples": 0})
    flat = flatten(
        [evaluate_lists("x", "retrieval", perfect(queries), queries, dataset, config, seed=0)]
    )
    assert not any(key.endswith((".low", ".high")) for key in flat)


def test_a_baseline_that_refuses_is_left_out_and_logged(dataset, queries, caplog):
    config = EvaluationConfig(
        baselines=("ease", "most_popular"),
        baseline_options={"ease": {"max_items": 3}},
        bootstrap_samples=0,
    )
    with caplog.at_level(logging.WARNING):
        results = evaluate_baselines(dataset, queries, config, seed=0)
    assert [result.name for result in results] == ["most_popular"]
    assert "`ease` inverts an items x items matrix" in caplog.text


def test_the_same_seed_gives_the_same_metrics(dataset, queries):
    config = CONFIG.model_copy(update={"baselines": BASELINES})
    first, second = (flatten(evaluate_baselines(dataset, queries, config, seed=3)) for _ in "ab")
    timed = {key for key in first if key.endswith(".seconds")}
    assert {k: first[k] for k in first.keys() - timed} == {
        k: second[k] for k in second.keys() - timed
    }


def test_the_table_shows_every_system_once_in_80_columns(results):
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(table(results))
    text = console.export_text()
    for name in ("most_popular", "two_tower", "two_stage", "recall@20"):
        assert text.count(name) == 1
    assert "80 users" in text


def test_markdown_has_a_row_a_system_and_equal_cells(results):
    lines = markdown(results).splitlines()
    assert len(lines) == 2 + len(results)
    assert len({line.count("|") for line in lines}) == 1
    assert lines[-1].startswith("| two_stage | 1.0000 [1.0000, 1.0000] |")
    # The models came without item vectors.
    assert lines[-1].endswith("| - |")


def test_metrics_are_written_sorted_and_read_back(tmp_path):
    path = tmp_path / "metrics.json"
    write_metrics(path, {"b": 0.5, "a": 3})
    assert json.loads(path.read_text()) == {"a": 3, "b": 0.5}
    assert path.read_text().index('"a"') < path.read_text().index('"b"')
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_not_finite_keeps_the_old_file(tmp_path, value):
    path = tmp_path / "metrics.json"
    write_metrics(path, {"a": 1.0})
    with pytest.raises(ValueError, match="`a` must be finite"):
        write_metrics(path, {"a": value})
    assert json.loads(path.read_text()) == {"a": 1.0}


def test_a_failed_write_leaves_no_temporary_file(tmp_path, monkeypatch):
    path = tmp_path / "metrics.json"

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_metrics(path, {"a": 1.0})
    assert list(tmp_path.iterdir()) == []
