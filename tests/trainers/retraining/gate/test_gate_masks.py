"""Masks of slices, from a prepared dataset."""

import pytest
from support.datasets import make_dataset

from configs.errors import ConfigError
from configs.evaluation import EvaluationConfig
from tfrs_models.data.dataset import TEST, TRAIN
from tfrs_models.evaluation.queries import build_queries
from trainers.retraining.gate.masks import slice_masks

USER, ITEM, SPLIT = zip(
    ("ann", "a", TRAIN),
    ("ann", "b", TRAIN),
    ("bob", "a", TRAIN),
    ("bob", "c", TRAIN),
    ("ann", "c", TEST),
    ("bob", "b", TEST),
    ("bob", "new", TEST),
    ("cid", "a", TEST),
    strict=True,
)
USERS = {"ann": {"country": "DE"}, "bob": {"country": "FR"}, "cid": {"tags": ["x"]}}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dataset")
    return make_dataset(folder, USER, ITEM, split=SPLIT, users=USERS)


@pytest.fixture(scope="module")
def queries(dataset):
    return build_queries(dataset, TEST, EvaluationConfig(), 0)


def test_the_built_in_slices(dataset, queries):
    # Cid has no training event. Bob takes the item that training never saw. Of the three trained
    # items one (a fifth, rounded up) is the head: a.
    masks = slice_masks(dataset, queries, ["new_users", "new_items", "tail"])
    assert {name: mask.tolist() for name, mask in masks.items()} == {
        "new_users": [False, False, True],
        "new_items": [False, True, False],
        "tail": [True, True, False],
    }


def test_a_column_of_users_gives_a_slice_for_each_value(dataset, queries):
    masks = slice_masks(dataset, queries, ["country"])
    assert {name: mask.tolist() for name, mask in masks.items()} == {
        "country=DE": [True, False, False],
        "country=FR": [False, True, False],
        "country=": [False, False, True],
    }


def test_a_missing_and_an_empty_value_are_one_slice(tmp_path):
    users = USERS | {"ann": {"country": ""}}
    data = make_dataset(tmp_path, USER, ITEM, split=SPLIT, users=users)
    asked = build_queries(data, TEST, EvaluationConfig(), 0)
    # Ann's is empty, Cid's is missing.
    masks = slice_masks(data, asked, ["country"])
    assert {name: mask.tolist() for name, mask in masks.items()} == {
        "country=": [True, False, True],
        "country=FR": [False, True, False],
    }


def test_a_column_of_events_is_that_of_the_request(dataset, queries):
    # The first target events: ann's c, bob's b, cid's a.
    masks = slice_masks(dataset, queries, ["item_id"])
    assert list(masks) == ["item_id=c", "item_id=b", "item_id=a"]
    assert masks["item_id=b"].tolist() == [False, True, False]


def test_an_unknown_column_names_the_nearest(dataset, queries):
    with pytest.raises(ConfigError, match="Did you mean `country`"):
        slice_masks(dataset, queries, ["contry"])


def test_a_column_of_lists_is_refused(dataset, queries):
    with pytest.raises(ConfigError, match="columns of single values, `tags` holds list"):
        slice_masks(dataset, queries, ["tags"])
