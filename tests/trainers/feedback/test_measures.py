"""Measures of lists, by hand. Lists hold item numbers; -1 is an empty slot."""

import numpy as np
import pytest
from support.feedback import begun

from trainers.feedback.measures import (
    category_shares,
    distribution,
    divergence,
    head_and_tail,
    list_diversity,
    measure,
    of_users,
    share_of,
    spread,
)
from trainers.feedback.panel import groups
from trainers.feedback.rounds import Round

LISTS = np.array([[0, 1, 2], [3, 1, -1], [-1, -1, -1]])


def test_the_head_is_the_most_popular_tenth_and_the_tail_the_less_popular_half():
    # 11 items: a head of ceil(1.1) = 2, a tail of floor(5.5) = 5; item 2 comes before its equals.
    popularity = np.array([1, 9, 5, 5, 4, 0, 0, 3, 2, 0, 0])
    head, tail = head_and_tail(popularity)
    assert np.flatnonzero(head).tolist() == [1, 2]
    assert np.flatnonzero(tail).tolist() == [0, 5, 6, 9, 10]


def test_a_share_counts_filled_slots():
    marked = np.array([True, False, False, True])
    np.testing.assert_array_equal(share_of(LISTS, marked), [1 / 3, 1 / 2, np.nan])


def test_category_shares_sum_to_one():
    category = np.array([0, 1, 1, 2], np.int32)
    shares = category_shares(LISTS, category, 3)
    np.testing.assert_array_equal(shares[:2], [[1 / 3, 2 / 3, 0], [0, 1 / 2, 1 / 2]])
    assert np.isnan(shares[2]).all()


def test_miscalibration_is_zero_where_the_list_is_the_taste():
    taste = np.array([[0.25, 0.75]])
    assert divergence(taste, taste)[0] == pytest.approx(0)


def test_miscalibration_of_a_list_of_one_category():
    # q = 0.99 * (1, 0) + 0.01 * (0.5, 0.5) = (0.995, 0.005)
    # KL = 0.5 ln(0.5 / 0.995) + 0.5 ln(0.5 / 0.005) = -0.344067 + 2.302585
    found = divergence(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
    assert found[0] == pytest.approx(1.958518, abs=1e-6)


def test_diversity_is_one_minus_the_mean_cosine_of_the_pairs():
    # Pairs of 0, 1, 2: cosines 0, 1, 0; pair of 3 and 1: cosine 0.6; no pair in the last list.
    vectors = np.array([[1, 0], [0, 1], [0, 1], [0.8, 0.6]], np.float32)
    np.testing.assert_allclose(list_diversity(LISTS, vectors), [2 / 3, 0.4, np.nan], rtol=1e-6)


def test_coverage_and_gini_count_every_item_of_the_catalogue():
    # Exposure 1, 2, 1, 1, 0; sorted 0, 1, 1, 1, 2 with weights -4, -2, 0, 2, 4: 8 / (5 * 5).
    assert spread(LISTS, 5) == {"coverage": 0.8, "gini": pytest.approx(0.32)}


def test_the_distribution_of_a_drift():
    found = distribution(np.array([-1.0, 0.0, 1.0, 2.0, 3.0, np.nan]))
    # Percentiles of 5 values interpolate: the 10th stands at 0.4 between -1 and 0.
    assert found["diversity_drift_p10"] == pytest.approx(-0.6)
    assert found["diversity_drift_p50"] == 1.0
    assert found["diversity_drift_p90"] == pytest.approx(2.6)
    assert found["narrowed_share"] == 0.2
    assert distribution(np.array([np.nan])) == {}


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    return begun(tmp_path_factory.mktemp("feedback"))


def a_round(experiment, item, clicks=0):
    """Everyone is shown the items from `item` on, and clicks the first ones."""
    size = len(experiment.panel)
    lists = np.tile(np.arange(item, item + 5), (size, 1))
    clicked = np.tile(np.arange(5) < clicks, (size, 1))
    return Round(lists, clicked, np.full(size, 1.5), np.full(size, 2.0))


def test_drift_is_paired_by_user_and_zero_in_the_first_round(experiment):
    first, later = a_round(experiment, 0), a_round(experiment, 10)
    values = of_users(experiment, 2, later, first)
    vectors = experiment.world.catalogue.vector
    change = list_diversity(later.lists, vectors) - list_diversity(first.lists, vectors)
    np.testing.assert_array_equal(values["diversity_drift"], change)
    assert not of_users(experiment, 1, first, first)["diversity_drift"].any()


def test_the_favourite_category_is_that_of_the_true_taste(experiment):
    values = of_users(experiment, 1, a_round(experiment, 0), a_round(experiment, 0))
    assert (values["top_category_taste"] >= 1 / 4).all()  # the largest of four shares
    assert values["top_category_share"].tolist() != values["top_category_taste"].tolist()


def test_every_group_has_its_means(experiment):
    parts = groups(experiment.world, experiment.panel, "country")
    played = a_round(experiment, 0, clicks=2)
    found = list(measure(experiment, parts, "it", 1, played, played))
    value = {(m.group, m.metric): m.value for m in found}
    assert {m.group for m in found} == set(parts)
    for group, members in parts.items():
        assert value[group, "users"] == members.sum()
        assert value[group, "clicks"] == 2
        assert value[group, "regret"] == 0.5
    assert ("all", "gini") in value
    assert ("activity=light", "gini") not in value


def test_what_is_undefined_is_left_out(experiment):
    size = len(experiment.panel)
    nothing = Round(
        np.full((size, 5), -1), np.zeros((size, 5), np.bool_), np.zeros(size), np.zeros(size)
    )
    parts = {"all": np.ones(size, np.bool_)}
    found = {m.metric for m in measure(experiment, parts, "it", 1, nothing, nothing)}
    assert found == {
        "users", "clicks", "expected_clicks", "regret", "top_category_taste", "coverage", "gini"
    }  # fmt: skip
