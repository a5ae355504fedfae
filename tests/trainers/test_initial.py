from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from support.events import many_events, three_users
from support.tastes import GROUPS, tastes
from support.training import forget_items, ids_of, make_material

from tfrs_models.models.two_tower import PRIOR_SCALE
from trainers.initial import log_popularity, set_initial_values
from trainers.positives import positives
from trainers.restore import build_two_tower
from trainers.retrieval import Material, candidate_embeddings, new_two_tower


def test_priors_are_logs_of_popularity() -> None:
    # Counts 4, 1 and 1 have the mean 2; nothing counts as 0.3 of an event.
    counts = np.array([0, 0, 4, 1, 1, 0], float)
    expected = np.log([0.15, 0.15, 2.0, 0.5, 0.5, 0.15])
    np.testing.assert_allclose(log_popularity(counts, 1.0), expected, rtol=1e-6)
    np.testing.assert_allclose(log_popularity(counts, 0.5), 0.5 * expected, rtol=1e-6)


def initialised(material: Material, **retrieval: Any) -> Any:
    config = material.config.retrieval.model_copy(update=retrieval)
    run_config = material.config.model_copy(update={"retrieval": config})
    material = replace(material, config=run_config)
    model = new_two_tower(material)
    build_two_tower(model, material)
    before = model.item_ids.table.numpy()
    found = positives(material.dataset, config.recency_half_life_days)
    items, known = material.encoded.item, material.dataset.known_items
    set_initial_values(model, found, items, known, config, seed=0)
    return model, before


def test_a_random_start_keeps_its_directions_and_gets_priors(tmp_path: Path) -> None:
    material, _ = make_material(three_users(tmp_path / "data"), tmp_path)
    model, before = initialised(material, initialization="random")
    np.testing.assert_array_equal(model.item_ids.table, before)
    # w was taken once, x, y and z twice each: a mean of 7 / 4.
    priors = PRIOR_SCALE * model.item_priors.table.numpy()[2:, 0]
    np.testing.assert_allclose(priors, np.log([4 / 7, 8 / 7, 8 / 7, 8 / 7]), rtol=1e-5)


def test_without_a_popularity_prior_all_items_start_alike(tmp_path: Path) -> None:
    material, _ = make_material(three_users(tmp_path / "data"), tmp_path)
    model, _ = initialised(material, popularity_prior=0.0)
    assert not model.item_priors.table.numpy().any()


def test_where_there_are_fewer_directions_than_columns_the_rest_hardly_counts(
    tmp_path: Path,
) -> None:
    material, _ = make_material(three_users(tmp_path / "data"), tmp_path)
    model, before = initialised(material)
    table = model.item_ids.table.numpy()
    np.testing.assert_allclose(np.linalg.norm(table[2:, :3], axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(table[2:, 3:], 0.1 * before[2:, 3:], rtol=1e-5)
    np.testing.assert_allclose(table[:2], 0.1 * before[:2], rtol=1e-5)


def test_items_out_of_the_vocabulary_have_no_row(tmp_path: Path) -> None:
    dataset = forget_items(many_events(tmp_path / "data"), 2)
    material, _ = make_material(dataset, tmp_path)
    model, _ = initialised(material)
    assert model.item_ids.table.shape[0] == dataset.known_items
    assert np.isfinite(model.item_ids.table).all()


def test_before_training_items_of_one_taste_are_already_near_each_other(tmp_path: Path) -> None:
    """Four groups of users who take only items of their own group."""
    dataset = tastes(tmp_path / "data")
    material, _ = make_material(dataset, tmp_path)
    model, _ = initialised(material, embedding_dim=8)
    table = model.item_ids.table.numpy()[2:]
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    names = ids_of(dataset, "item")[2 : dataset.known_items]
    group = np.array([int(name[1:]) % GROUPS for name in names])
    same = group[:, np.newaxis] == group
    cosines = unit @ unit.T
    assert cosines[same].mean() > cosines[~same].mean() + 0.3


TITLES = {"features": {"item": {"item_id": {"type": "categorical"}, "title": {"type": "text"}}}}


def test_an_item_that_nobody_took_starts_near_items_of_the_same_words(tmp_path: Path) -> None:
    dataset = tastes(tmp_path / "data")
    material, _ = make_material(dataset, tmp_path, **TITLES)
    model, _ = initialised(material, embedding_dim=8)
    embedded = candidate_embeddings(model, material)[:, :-1]
    names = ids_of(dataset, "item")
    assert dataset.known_items <= names.index("new")  # its title is "word0"
    cosines = embedded[2 : dataset.known_items] @ embedded[names.index("new")]
    group = np.array([int(name[1:]) % GROUPS for name in names[2 : dataset.known_items]])
    assert cosines[group == 0].mean() > cosines[group != 0].mean() + 0.3


def test_content_and_id_together_start_at_the_prior(tmp_path: Path) -> None:
    dataset = tastes(tmp_path / "data")
    material, _ = make_material(dataset, tmp_path, **TITLES)
    model, _ = initialised(material, embedding_dim=8)
    learned = positives(dataset, None)
    counts = np.bincount(learned.item, minlength=dataset.known_items)
    expected = log_popularity(counts.astype(np.float64), 1.0)
    found = candidate_embeddings(model, material)[:, -1] / model.temperature.numpy()
    taken = np.flatnonzero(counts)
    np.testing.assert_allclose(found[taken], expected[taken], atol=1e-4)
