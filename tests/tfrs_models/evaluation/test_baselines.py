"""Every baseline through the same facts, then each method by hand."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity
from support.datasets import make_dataset
from support.tastes import DAY, tastes

from configs import plugins
from configs.evaluation import EvaluationConfig
from tfrs_models.data.dataset import TEST
from tfrs_models.evaluation.baseline import NotApplicableError, fit_baseline
from tfrs_models.evaluation.content import content_vectors
from tfrs_models.evaluation.popularity import train_counts
from tfrs_models.evaluation.queries import build_queries
from tfrs_models.evaluation.top_k import top_k_lists
from tfrs_models.metrics.accuracy import accuracy

NAMES = plugins.names("baseline")
every_baseline = pytest.mark.parametrize("name", NAMES)


def queries_of(dataset):
    return build_queries(dataset, TEST, EvaluationConfig(), seed=0)


def scores_of(name, dataset, queries, **options):
    config = EvaluationConfig(baseline_options={name: options})
    return fit_baseline(name, config, dataset, queries, seed=0)(np.arange(len(queries)))


def test_the_default_config_names_every_baseline():
    assert sorted(EvaluationConfig().baselines) == NAMES


@every_baseline
def test_scores_are_finite_and_cover_the_catalogue(name, dataset):
    queries = queries_of(dataset)
    scores = scores_of(name, dataset, queries)
    assert (scores.dtype, scores.shape) == (np.float32, (len(queries), dataset.num_items))
    assert np.isfinite(scores).all()


@every_baseline
def test_recommends_better_than_chance(name, dataset):
    queries = queries_of(dataset)
    random = np.random.default_rng(0)

    def chance(block):
        return random.random((len(block), dataset.num_items), np.float32)

    scores = scores_of(name, dataset, queries)
    found, lucky = (
        accuracy(top_k_lists(scorer, queries, dataset.num_items, 10), queries.targets, (10,))[
            "ndcg@10"
        ].mean()
        for scorer in (lambda block: scores[block], chance)
    )
    # Popularity alone lifts a little, the groups lift the rest much more.
    assert found > lucky * (1.1 if name.endswith("popular") else 2)


@every_baseline
def test_test_events_change_no_score(name, tmp_path):
    one, other = tastes(tmp_path / "a"), tastes(tmp_path / "b", test_seed=1)
    queries = queries_of(one)
    assert (one.events.item != other.events.item).any()
    assert (scores_of(name, one, queries) == scores_of(name, other, queries)).all()


@every_baseline
def test_targets_change_no_score(name, dataset):
    queries = queries_of(dataset)
    blind = dataclasses.replace(queries, targets=queries.targets.where(queries.targets.items < 0))
    assert (scores_of(name, dataset, queries) == scores_of(name, dataset, blind)).all()


@every_baseline
def test_validation_events_train_nothing(name, tmp_path):
    dataset = tastes(tmp_path)
    queries = queries_of(dataset)
    validation = dataset.events.split == 1
    moved = np.where(validation, 2, dataset.events.item).astype(np.int32)
    changed = dataclasses.replace(dataset, events=dataclasses.replace(dataset.events, item=moved))
    assert (scores_of(name, dataset, queries) == scores_of(name, changed, queries)).all()


@every_baseline
def test_scores_are_the_same_each_time_and_in_any_block(name, dataset):
    queries = queries_of(dataset)
    whole = scores_of(name, dataset, queries)
    scorer = fit_baseline(name, EvaluationConfig(), dataset, queries, seed=0)
    parts = [
        scorer(np.arange(start, min(start + 7, len(queries))))
        for start in range(0, len(queries), 7)
    ]
    assert_allclose(np.concatenate(parts), whole, rtol=1e-5, atol=1e-6)
    assert (scores_of(name, dataset, queries) == whole).all()


@every_baseline
def test_a_new_user_gets_popular_items(name, dataset):
    queries = queries_of(dataset)
    new = np.flatnonzero(queries.history.lengths == 0)
    assert len(new) == 5
    lists = top_k_lists(
        lambda block: scores_of(name, dataset, queries)[block], queries, dataset.num_items, 10
    )[new]
    assert (lists == lists[0]).all()
    counts = train_counts(dataset)
    if name != "recently_popular":
        assert counts[lists[0]].tolist() == sorted(counts, reverse=True)[:10]


@every_baseline
def test_a_dataset_without_training_positives_scores_finitely(name, tmp_path):
    dataset = make_dataset(tmp_path, ["u", "v"], ["a", "b"], split=[TEST, TEST])
    assert np.isfinite(scores_of(name, dataset, queries_of(dataset))).all()


@every_baseline
def test_an_unknown_option_is_refused(name):
    with pytest.raises(ValueError, match="mistake"):
        EvaluationConfig(baseline_options={name: {"mistake": 1}})


def test_an_unknown_baseline_is_refused_with_the_nearest_name():
    with pytest.raises(Exception, match="item_knn"):
        EvaluationConfig(baselines=("item_knnn",))


# Training: u takes a, b; v takes a, b, c; w takes c, d.  The test query of u has history {a, b}.
# Rows: u, v, w = 2, 3, 4 and a, b, c, d = 2, 3, 4, 5; e = 6 is only a target.
U, V, W = 2, 3, 4
A, B, C, D, E = 2, 3, 4, 5, 6


@pytest.fixture
def small(tmp_path):
    events = [*zip("uuvvvww", "ababccd", [0] * 7, strict=True), ("u", "e", TEST)]
    user, item, split = zip(*events, strict=True)
    titles = {
        "a": {"title": "Red Hat", "kind": "x"},
        "b": {"title": "red  shoe!", "kind": "x"},
        "c": {"title": "blue hat", "kind": None},
        "d": {"title": None, "kind": "hat"},
        "e": {"title": "red red hat", "kind": "x"},
    }
    return make_dataset(tmp_path, user, item, None, split, items=titles)


def test_most_popular_scores_the_counts(small):
    assert scores_of("most_popular", small, queries_of(small))[0].tolist() == [0, 0, 2, 2, 2, 1, 0]


def test_recently_popular_halves_with_each_half_life(tmp_path):
    # a is 20 and 10 days old, b is new; half-life 10 days: a = 1/4 + 1/2, b = 1.
    times = [0, 10 * DAY, 20 * DAY, 30 * DAY]
    dataset = make_dataset(tmp_path, [*"uvwu"], [*"aabb"], times, [0, 0, 0, TEST])
    scores = scores_of("recently_popular", dataset, queries_of(dataset), half_life_days=10)
    assert_allclose(scores[0, [A, B]], [3 / 4, 1])


def test_item_knn_sums_the_cosines_of_the_history(small):
    # s(a, c) = s(b, c) = |{v}| / sqrt(2 * 2) = 1/2; a and b share no user with d.
    scores = scores_of("item_knn", small, queries_of(small), shrinkage=0)[0]
    assert scores[C] == pytest.approx(1 / 2 + 1 / 2)
    assert scores[D] < 0 < scores[A]


def test_item_knn_shrinks_what_few_users_support(small):
    # 1 / (sqrt(2 * 2) + 2), twice.
    scores = scores_of("item_knn", small, queries_of(small), shrinkage=2)[0]
    assert scores[C] == pytest.approx(1 / 4 + 1 / 4)


def test_item_knn_keeps_the_nearest_neighbours_of_each_item(small):
    # c has the neighbours a, b (1/2 each) and d (1/sqrt(2)): with one, only d is kept.
    scores = scores_of("item_knn", small, queries_of(small), neighbours=1, shrinkage=0)[0]
    assert scores[C] < 0


def test_user_knn_sums_the_cosines_of_the_neighbours(small):
    # u's history {a, b} and v's {a, b, c}: 2 / sqrt(2 * 3); w shares nothing; u is no neighbour.
    scores = scores_of("user_knn", small, queries_of(small), shrinkage=0)[0]
    assert_allclose(scores[[A, B, C]], 2 / np.sqrt(6), rtol=1e-6)
    assert scores[D] < 0


def test_items_without_evidence_stand_below_in_order_of_popularity(small):
    # d has one training event, e none.
    scores = scores_of("item_knn", small, queries_of(small))[0]
    assert scores[E] < scores[D] < 0 < scores[C]


def test_ease_solves_the_constrained_ridge_regression(small):
    # Column j of the weights is the ridge regression of item j on the other items.
    taken = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]], float)
    expected = np.zeros(4)
    for j in range(4):
        rest = np.delete(np.arange(4), j)
        x, y = taken[:, rest], taken[:, j]
        weights = np.linalg.solve(x.T @ x + 0.5 * np.eye(3), x.T @ y)
        expected[j] = np.array([1, 1, 0, 0])[rest] @ weights
    scores = scores_of("ease", small, queries_of(small), l2=0.5)[0]
    assert_allclose(scores[[A, B, C, D]], expected, rtol=1e-5)


def test_ease_refuses_a_large_catalogue_and_names_the_way_out(small):
    with pytest.raises(NotApplicableError, match=r"`max_items` \(3\) items, received 4\. Raise"):
        scores_of("ease", small, queries_of(small), max_items=3)


def test_content_vectors_equal_scikit_learns_tfidf(tmp_path):
    words = np.array(["a", "red", "blue", "hat", "shoe", "scarf", "7", "Kids'"])
    random = np.random.default_rng(0)
    texts = [" ".join(random.choice(words, random.integers(1, 6))) for _ in range(40)]
    titles = {f"{i:02}": {"title": text} for i, text in enumerate(texts)}
    dataset = make_dataset(tmp_path, ["u"], ["00"], items=titles)
    expected = TfidfVectorizer(token_pattern=r"\w+").fit_transform(texts)
    ours = content_vectors(dataset)[2:]
    assert_allclose((ours @ ours.T).toarray(), (expected @ expected.T).toarray(), atol=1e-5)


def test_content_keeps_columns_apart_and_ignores_ids_and_missing_texts(small):
    vectors = content_vectors(small).toarray()
    # d's kind `hat` is another term than the `hat` of the titles.
    assert vectors[D] @ vectors[C] == 0
    # Titles: red, hat, shoe, blue; kinds: x, hat.
    assert vectors.shape == (7, 6)
    assert_allclose(np.linalg.norm(vectors, axis=1), [0, 0, 1, 1, 1, 1, 1], rtol=1e-6)


def test_content_is_the_cosine_to_the_mean_of_the_history(small):
    vectors = content_vectors(small).toarray()
    profile = vectors[[A, B]].mean(axis=0, keepdims=True)
    expected = cosine_similarity(profile, vectors)[0]
    scores = scores_of("content", small, queries_of(small))[0]
    assert_allclose(scores[[A, B, C, E]], expected[[A, B, C, E]], rtol=1e-5)


def test_content_finds_new_items(small):
    lists = top_k_lists(
        lambda block: scores_of("content", small, queries_of(small))[block],
        queries_of(small),
        small.num_items,
        1,
    )
    assert lists.tolist() == [[E]]


def test_content_without_texts_falls_back_to_popularity(tmp_path):
    dataset = make_dataset(tmp_path, [*"uvvw"], [*"aabc"], None, [0, 0, 0, TEST])
    scores = scores_of("content", dataset, queries_of(dataset))[0]
    assert scores[A] > scores[B] > scores[C]


def test_a_config_check_imports_neither_scipy_nor_tensorflow():
    code = (
        "import sys; from configs.evaluation import EvaluationConfig; EvaluationConfig();"
        "print(*{'scipy', 'tensorflow', 'pyarrow', 'duckdb'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
