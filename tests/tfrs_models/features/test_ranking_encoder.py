from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.ranker import ROWS, make_encoder, request

from tfrs_models.backend import tf


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    folder: Path = tmp_path_factory.mktemp("encoder")
    return make_encoder(folder)


def candidates(world: tuple[Any, Any]) -> dict[str, Any]:
    encoder, items = world
    query, columns, *others = request(items)
    pairs = encoder.pairs(query, columns, *others)
    return encoder.candidates(query, {n: columns[n] for n in encoder.item_names}, pairs)


def test_it_reads_the_features_of_the_stage_the_id_and_parts_of_crosses(world) -> None:
    encoder, _ = world
    # The id belongs to the retrieval alone, but histories are looked up by it.
    assert encoder.item_names == ("item_id", "colour")
    assert encoder.pairs.item_names == ["item_id", "colour", "hidden"]


def test_pairs_stand_one_request_after_the_other(world) -> None:
    _, items = world
    found = candidates(world)
    for name in ("item_id", "colour"):
        np.testing.assert_array_equal(found[name], items[name][ROWS.ravel()])


def test_the_columns_are_those_of_the_model(world) -> None:
    encoder, _ = world
    found = candidates(world)
    assert set(found) == {"item_id", "colour", "user_colour", "pairs"}
    assert found["pairs"].shape == (6, len(encoder.pairs.names))
    assert all(len(column) == 6 for column in found.values())


def test_crosses_join_a_request_with_each_of_its_candidates(world) -> None:
    found = candidates(world)["user_colour"].numpy().ravel()
    ann_red, ann_blue, again, bob_red, bob_too, none = found
    assert again == ann_red  # a and c are red
    assert bob_too == bob_red
    assert len({ann_red, ann_blue, bob_red}) == 3
    assert none == 0


def test_a_request_alone_has_the_inputs_that_it_has_in_a_batch(world) -> None:
    encoder, items = world
    query, columns, statistics, retrieved = request(items)
    one = tf.nest.map_structure(lambda c: c[1:], (query, columns, statistics, retrieved))
    pairs = encoder.pairs(*one)
    alone = encoder.candidates(one[0], {n: one[1][n] for n in encoder.item_names}, pairs)
    together = candidates(world)
    for name, column in alone.items():
        np.testing.assert_allclose(column, together[name][3:], rtol=1e-6)
