import io

import numpy as np
import pytest
from rich.console import Console
from support.datasets import make_dataset

from configs.evaluation import EvaluationConfig
from tfrs_models.data.dataset import TEST, TRAIN, UNKNOWN_ROW, VALIDATION
from tfrs_models.evaluation import cold_start
from tfrs_models.evaluation.cold_start import as_new_users, with_cold_start
from tfrs_models.evaluation.metrics_file import flatten
from tfrs_models.evaluation.queries import build_queries
from tfrs_models.evaluation.report import evaluate_lists
from tfrs_models.evaluation.runner import evaluate_baselines
from tfrs_models.evaluation.table import cold_start_markdown, cold_start_table

CONFIG = EvaluationConfig(ks=(5, 20), bootstrap_samples=40)
LENGTHS = (0, 1, 3, 10)
GROUPS, ITEMS = 4, 80


def history_of(user, length):
    """Events of a user, one a second: items `a`, `b`, ...; the last is a validation event."""
    splits = [TRAIN] * (length - 1) + [VALIDATION]
    return [(user, chr(ord("a") + s), s, split) for s, split in enumerate(splits)]


@pytest.fixture
def queries(tmp_path):
    """u has a history of 12 events, v one of 10 and w one of 9."""
    rows = [*history_of("u", 12), *history_of("v", 10), *history_of("w", 9)]
    # z is a new item, and m comes from the training events of x.
    rows += [("x", "m", 0, TRAIN), ("u", "m", 50, TEST), ("v", "z", 50, TEST), ("w", "m", 50, TEST)]
    return build_queries(make_dataset(tmp_path, *zip(*rows, strict=True)), TEST, CONFIG, seed=0)


@pytest.fixture
def dataset(tmp_path):
    """Users of four groups with 10 training items of their own group and 2 test items."""
    random = np.random.default_rng(0)
    rows = []
    for user in range(40):
        taken = random.choice(np.arange(user % GROUPS, ITEMS, GROUPS), 12, replace=False)
        rows += [(f"u{user:02}", f"i{item:02}", TEST * (n > 9)) for n, item in enumerate(taken)]
    rows.append(("u00", "new", TEST))
    user, item, split = zip(*rows, strict=True)
    return make_dataset(tmp_path, user, item, None, split)


def as_lists(rows):
    return [part.tolist() for part in np.split(rows.items, rows.indptr[1:-1])]


def test_users_with_ten_events_are_asked_at_each_length(queries):
    assert as_new_users(queries, seed=0).history.lengths.tolist() == [0, 0, 1, 1, 3, 3, 10, 10]


def test_the_latest_events_are_what_is_known(queries):
    histories = as_lists(as_new_users(queries, seed=0).history)
    whole = as_lists(queries.history)
    assert [histories[place] for place in (0, 2, 4, 6)] == [whole[0][12 - n :] for n in LENGTHS]
    assert [histories[place] for place in (1, 3, 5, 7)] == [whole[1][10 - n :] for n in LENGTHS]


def test_events_stay_those_of_the_history(queries):
    new_users = as_new_users(queries, seed=0)
    item_of = dict(zip(queries.events.items, queries.history.items, strict=True))
    assert [item_of[event] for event in new_users.events.items] == new_users.history.items.tolist()


def test_the_id_is_unknown_and_nothing_else_changes(queries):
    new_users = as_new_users(queries, seed=0)
    assert (new_users.user == UNKNOWN_ROW).all()
    assert as_lists(new_users.seen) == as_lists(queries.seen)[:2] * 4
    assert as_lists(new_users.targets) == as_lists(queries.targets)[:2] * 4
    assert new_users.time.tolist() == queries.time[:2].tolist() * 4
    assert new_users.event.tolist() == queries.event[:2].tolist() * 4


def test_of_many_users_the_same_sample_is_asked_at_each_length(dataset, monkeypatch):
    monkeypatch.setattr(cold_start, "MAX_USERS", 7)
    queries = build_queries(dataset, TEST, CONFIG, seed=0)
    events = as_new_users(queries, seed=3).event.reshape(4, -1)
    assert len(set(events[0])) == events.shape[1] == 7
    assert (events == events[0]).all()
    assert (events == as_new_users(queries, seed=3).event.reshape(4, -1)).all()
    assert set(events[0]) != set(as_new_users(queries, seed=4).event[:7])


def test_each_length_is_measured_on_its_own_lists(dataset):
    queries = build_queries(dataset, TEST, CONFIG, seed=0)
    new_users = as_new_users(queries, seed=0)

    def rank(asked):
        """The first target, where the user is known by 3 events at least."""
        lists = np.zeros((len(asked), 20), np.int32)
        lists[:, 1] = np.where(
            asked.history.lengths >= 3, asked.targets.items[asked.targets.indptr[:-1]], 0
        )
        return lists

    result = evaluate_lists("x", "retrieval", rank(queries), queries, dataset, CONFIG, seed=0)
    found = with_cold_start(result, rank, new_users).cold_start
    means = [found[f"history_{length}"].intervals["recall@20"].mean for length in LENGTHS]
    # 39 users find one of 2 targets, and u00 one of 3.
    assert means == pytest.approx([0, 0, *[(39 / 2 + 1 / 3) / 40] * 2])
    assert [found[f"history_{length}"].queries for length in LENGTHS] == [40] * 4


def test_new_items_are_those_of_the_slice(dataset):
    queries = build_queries(dataset, TEST, CONFIG, seed=0)
    lists = np.zeros((len(queries), 20), np.int32)
    lists[:, 0] = dataset.known_items  # `new`, which u00 alone takes
    result = evaluate_lists("x", "retrieval", lists, queries, dataset, CONFIG, seed=0)
    part = with_cold_start(result, lambda _: lists[:0], queries.take(np.arange(0))).cold_start[
        "new_items"
    ]
    assert (part.queries, part.intervals["recall@20"].mean) == (1, 1.0)
    assert part.intervals.keys() == {"recall@20", "ndcg@20"}


def test_where_nobody_has_ten_events_nobody_is_asked(tmp_path):
    dataset = make_dataset(tmp_path, [*"uvu"], [*"aab"], None, [TRAIN, TRAIN, TEST])
    queries = build_queries(dataset, TEST, CONFIG, seed=0)

    def never(_):
        raise AssertionError

    lists = np.zeros((1, 20), np.int32)
    result = evaluate_lists("x", "retrieval", lists, queries, dataset, CONFIG, seed=0)
    result = with_cold_start(result, never, as_new_users(queries, seed=0))
    flat = flatten([result])
    assert flat["cold_start.history_3.queries"] == 0
    assert not any(key.startswith("cold_start.history") and "@" in key for key in flat)
    assert cold_start_markdown([result]).count("| - | - | - | - |\n") == 2


@pytest.fixture
def results(dataset):
    names = ("most_popular", "item_knn", "content", "user_knn", "ease")
    config = CONFIG.model_copy(update={"baselines": names})
    queries = build_queries(dataset, TEST, config, seed=0)
    return evaluate_baselines(dataset, queries, config, seed=0)


def recalls(results, name):
    flat = flatten(results)
    return [flat[f"cold_start.history_{length}.{name}.recall@20"] for length in LENGTHS]


def test_popularity_knows_no_history(results):
    assert len(set(recalls(results, "most_popular"))) == 1


@pytest.mark.parametrize("name", ["item_knn", "content", "user_knn", "ease"])
def test_without_a_history_a_baseline_falls_back_to_popularity(results, name):
    assert recalls(results, name)[0] == recalls(results, "most_popular")[0]


def test_a_baseline_is_told_the_truncated_history(results):
    """Everyone has 10 training events, so with all 10 of them item-kNN answers as ever."""
    found = recalls(results, "item_knn")
    assert found[3] == flatten(results)["baselines.item_knn.recall@20"]
    assert found[0] < found[1] < found[3]


def test_seen_items_stay_out_however_little_is_known(dataset, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "tfrs_models.evaluation.runner.with_cold_start",
        lambda result, rank, new_users: asked.append((rank(new_users), new_users)) or result,
    )
    config = CONFIG.model_copy(update={"baselines": ("most_popular",)})
    queries = build_queries(dataset, TEST, config, seed=0)
    evaluate_baselines(dataset, queries, config, seed=0)
    lists, new_users = asked[0]
    whole = as_lists(new_users.seen)
    assert all(not set(row) & set(seen) for row, seen in zip(lists.tolist(), whole, strict=True))


def test_keys_hold_the_mean_its_bounds_and_the_number_of_queries(results):
    flat = flatten(results)
    assert flat["cold_start.history_3.queries"] == 40
    assert flat["cold_start.new_items.queries"] == 1
    for name in ("recall@20", "ndcg@20"):
        key = f"cold_start.history_3.item_knn.{name}"
        assert flat[f"{key}.low"] <= flat[key] <= flat[f"{key}.high"]
    assert "cold_start.history_3.item_knn.recall@5" not in flat


def test_the_markdown_has_a_table_for_each_metric(results):
    first, second = cold_start_markdown(results).split("\n\n")
    assert first.startswith(
        "| recall@20 | new_items (1) | history_0 (40) | history_1 (40) | history_3 (40) |"
    )
    assert second.startswith("| ndcg@20 |")
    lines = [*first.splitlines(), *second.splitlines()]
    assert len(lines) == 2 * (2 + len(results))
    assert {line.count("|") for line in lines} == {7}
    assert lines[2].startswith("| baselines.most_popular | .0000 [.0000, .0000] |")


def test_the_terminal_table_shows_the_recall_in_80_columns(results):
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(cold_start_table(results))
    text = console.export_text()
    assert "Cold start: recall@20" in text
    row = next(line for line in text.splitlines() if "item_knn" in line)
    shown = [f"{value:.4f}".removeprefix("0") for value in (0, *recalls(results, "item_knn"))]
    assert [cell.strip() for cell in row.split("│")[2:-1]] == shown
