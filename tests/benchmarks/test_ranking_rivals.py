from dataclasses import replace

import numpy as np
import pytest
from ranking_matrices import codes, one_hot
from ranking_rivals import RIVALS, biases, mean
from ranking_table import RankingData, Table
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True)
def _one_thread():
    """Trees of a few rows wait for their threads longer than they grow."""
    with threadpool_limits(1):
        yield


def table(jobs, ages, genres, labels) -> Table:
    columns = {
        "job": np.array(jobs, object),
        "genres": np.array(genres, object),
        "age": np.array(ages, float),
    }
    return Table(columns, {"task": np.array(labels, float)}, lists=("genres",))


def ratings(users, items, labels) -> Table:
    columns = {"user_id": np.array(users, object), "item_id": np.array(items, object)}
    return Table(columns, {"rating": np.array(labels, float)})


def learnable(kind) -> RankingData:
    """The job decides the label; nothing else says anything."""
    jobs = ["clerk", "cook"] * 60
    whole = table(jobs, [30.0] * 120, ["War"] * 120, [0, 1] * 60)
    return RankingData(whole, whole.take(np.arange(2)), kind, ())


def test_texts_are_flags_and_numbers_are_standardised():
    train = table(["cook"] * 10 + ["clerk"] * 10, [1, 3] * 10, ["War"] * 20, [0] * 20)
    # Columns: clerk, cook, the age (mean 2, deviation 1), War.
    assert one_hot(train, train)[1].toarray()[[0, 19]].tolist() == [[0, 1, -1, 1], [1, 0, 1, 1]]


def test_an_unknown_text_has_the_flag_of_rare_ones():
    train = table(["cook"] * 10 + ["clerk"], [1, 3] * 5 + [2], ["War"] * 11, [0] * 11)
    test = table(["pilot"], [2], ["Drama"], [0])
    # Columns: cook, rare, the age, War.
    assert one_hot(train, test)[1].toarray().tolist() == [[0, 1, 0, 0]]


def test_codes_are_categories_and_nothing_else_is():
    train = table(["b", "a"], [7, 9], ["War|Drama", "War"], [0, 1])
    found = codes(train, table(["b", "new"], [7, np.nan], ["Drama", ""], [0, 0]), np.zeros(2), 0)
    # Columns: the code of the job, the age, Drama, War.
    np.testing.assert_array_equal(found.train, [[1, 7, 1, 1], [0, 9, 0, 1]])
    np.testing.assert_array_equal(found.test, [[1, 7, 1, 0], [np.nan, np.nan, 0, 0]])
    assert found.categorical.tolist() == [True, False, False, False]


def test_a_table_may_have_numbers_alone():
    numbers = Table({"age": np.array([1.0, 3.0])}, {"task": np.array([0.0, 1.0])})
    assert one_hot(numbers, numbers)[1].toarray().tolist() == [[-1], [1]]
    found = codes(numbers, numbers, np.zeros(2), 0)
    assert (found.test.tolist(), found.categorical.tolist()) == ([[1], [3]], [False])


def test_of_many_texts_the_rare_share_a_code_and_each_has_its_mean_target():
    jobs = [str(number) for number in range(300)] * 2
    target = np.array([*range(300)] * 2, float)
    found = codes(
        table(jobs, [1] * 600, ["War"] * 600, target), table(["299"], [1], ["War"], [0]), target, 0
    )
    assert found.train[:, 0].max() == 253
    # Means are drawn to that of all, 149.5, when the rows of a text differ; these do not.
    assert found.test[0, 2] == pytest.approx(299)


def test_the_mean_is_that_of_the_training_ratings():
    data = RankingData(
        ratings(["a", "b"], ["x", "y"], [1, 4]), ratings(["a"] * 2, ["x"] * 2, [5, 5]), "rating", ()
    )
    assert mean(data, "rating", 0).tolist() == [2.5, 2.5]


def test_an_item_adds_what_its_ratings_are_above_the_mean():
    # x is rated 5 and y 1 by 5 users each, so the mean is 3 and all users are alike. Of five
    # ratings and the five of the mean that an item has to begin with, x is (5 * 2 + 5 * 0) / 10
    # above the mean.
    users = [str(user) for user in range(10)]
    train = ratings([*users[:5], *users[:5]], ["x"] * 5 + ["y"] * 5, [5] * 5 + [1] * 5)
    data = RankingData(train, ratings(["new"] * 3, list("xyz"), [0] * 3), "rating", ())
    np.testing.assert_allclose(biases(data, "rating", 0), [4, 2, 3])


@pytest.mark.parametrize("name", ["logistic", "boosted_trees"])
def test_a_rival_learns_which_rows_are_1(name):
    found = RIVALS["binary"][name](learnable("binary"), 0).predictions["task"]
    assert found[0] < 0.3
    assert found[1] > 0.7


@pytest.mark.parametrize("name", ["ridge", "boosted_trees"])
def test_a_rival_learns_the_ratings(name):
    found = RIVALS["rating"][name](learnable("rating"), 0).predictions["task"]
    np.testing.assert_allclose(found, [0, 1], atol=0.2)


def test_every_task_has_predictions():
    data = learnable("binary")
    both = {"task": data.train.labels["task"], "other": 1 - data.train.labels["task"]}
    data = replace(data, train=replace(data.train, labels=both))
    assert set(RIVALS["binary"]["logistic"](data, 0).predictions) == {"task", "other"}
