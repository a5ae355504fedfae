"""Tables of several features in blocks of rows: each block grows at its own end."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from configs.errors import ArtifactError
from configs.features import FeatureConfig
from configs.ranking import RankingConfig
from tfrs_models.backend import tf
from tfrs_models.features.feature_type import UNKNOWN_ID, Output
from tfrs_models.features.spec import FittedCross, FittedFeature
from tfrs_models.layers.stacked import StackedEmbedding
from tfrs_models.models.wide_deep import RankingInputs, WideDeep
from trainers.optimizers.build import ranking_optimizer
from trainers.retraining.warm.rows import Block, Rows
from trainers.retraining.warm.weights import Saved, take_over

FORMER = {"user_id": 10, "tags": 7, "city": 5, "country": 6, "item_id": 8, "brand": 4, "cross": 22}
GROWN = FORMER | {"user_id": 13, "tags": 9, "city": 6, "item_id": 9, "brand": 6}
"""Ids now: the country is as it was, and a cross has as many buckets as ever."""
TABLES = {
    "wide/query": ("user_id", "tags", "city", "country"),
    "wide/candidate": ("item_id", "brand", "cross"),
    "deep_query": ("user_id", "tags", "city", "country"),
    "deep_candidate": ("item_id", "brand"),
}
"""The features of each table, and not their order in it: `tags` have several values."""


def fitted(name: str, ids: Mapping[str, int]) -> FittedFeature:
    width = 3 if name == "tags" else 1
    return FittedFeature(
        name=name,
        table="user",
        type="categorical",
        column=name,
        options=FeatureConfig(type="categorical").options,
        state={},
        stages=("retrieval", "ranking"),
        embedding_dim=4,
        output=Output("ids", width, ids[name]),
    )


def ranker(ids: Mapping[str, int]) -> WideDeep:
    """A built ranker with a built optimizer."""
    inputs = RankingInputs(
        query=tuple(fitted(name, ids) for name in TABLES["deep_query"]),
        candidate=tuple(fitted(name, ids) for name in TABLES["deep_candidate"]),
        crosses=(FittedCross("cross", ("user_id", "brand"), Output("ids", 1, ids["cross"])),),
        num_history_ids=ids["item_id"],
        pairs=0,
    )
    config = RankingConfig(embedding_dim=4, hidden_units=(8,))
    model = WideDeep(inputs, config, 1)
    model.build_from(query(), candidates([2]))
    model.compile(optimizer=ranking_optimizer(config, 10))
    model.optimizer.build(model.trainable_variables)
    return model


def query(user: int = 2, city: int = 2) -> dict[str, Any]:
    rows = {"user_id": [user], "tags": [2, 6, 0], "city": [city], "country": [5]}
    return {name: tf.constant([ids]) for name, ids in (rows | {"history": [2, 7]}).items()}


def candidates(items: list[int], brand: int = 3) -> dict[str, Any]:
    rows = {"item_id": items, "brand": [brand] * len(items), "cross": [21] * len(items)}
    return {name: tf.constant(ids)[:, tf.newaxis] for name, ids in rows.items()}


class Pair(NamedTuple):
    """A ranker, and one with more ids that has taken over what it knows."""

    old: WideDeep
    new: WideDeep
    untouched: WideDeep


@pytest.fixture(scope="module")
def pair() -> Pair:
    old, new = ranker(FORMER), ranker(GROWN)
    random = np.random.default_rng(0)
    for variable in (*old.variables, *old.optimizer.variables):
        if variable.dtype.is_floating:
            variable.assign(random.normal(size=variable.shape).astype(np.float32))
    take_over(saved(old), new)
    return Pair(old, new, ranker(GROWN))


def saved(model: WideDeep, num_ids: Mapping[str, int] = FORMER) -> Saved:
    weights, slots = model.variables, model.optimizer.variables
    return Saved([one.numpy() for one in weights], [one.numpy() for one in slots], num_ids)


def blocks(model: WideDeep, table: str, values: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """The rows of each feature among those of a table, or of a slot of it."""
    stack = {
        one.embedding.table.name: one
        for one in model.submodules
        if isinstance(one, StackedEmbedding)
    }[f"{table}/table:0"]
    assert set(stack.first_rows) == set(TABLES[table])
    parts = np.split(values, [*stack.first_rows.values()][1:])
    return dict(zip(stack.first_rows, parts, strict=True))


def slots(model: WideDeep, table: str) -> dict[str, NDArray[Any]]:
    ending = f"/{table}/table:0"
    found = {one.name: one.numpy() for one in model.optimizer.variables}
    return {name: values for name, values in found.items() if name.endswith(ending)}


def table_of(model: WideDeep, table: str) -> NDArray[Any]:
    found: NDArray[Any] = {v.name: v for v in model.variables}[f"{table}/table:0"].numpy()
    return found


@pytest.mark.parametrize("table", TABLES)
def test_known_ids_of_every_feature_keep_their_rows(pair: Pair, table: str) -> None:
    before = blocks(pair.old, table, table_of(pair.old, table))
    after = blocks(pair.new, table, table_of(pair.new, table))
    for name in TABLES[table]:
        assert (len(before[name]), len(after[name])) == (FORMER[name], GROWN[name])
        np.testing.assert_array_equal(after[name][: FORMER[name]], before[name])


@pytest.mark.parametrize("table", TABLES)
def test_new_ids_of_every_feature_have_the_row_of_its_unknown_id(pair: Pair, table: str) -> None:
    before = blocks(pair.old, table, table_of(pair.old, table))
    after = blocks(pair.new, table, table_of(pair.new, table))
    for name in TABLES[table]:
        for row in after[name][FORMER[name] :]:
            np.testing.assert_array_equal(row, before[name][UNKNOWN_ID])


@pytest.mark.parametrize("table", TABLES)
def test_slots_of_known_ids_stay_and_those_of_new_ids_are_a_new_optimizers(
    pair: Pair, table: str
) -> None:
    old, new, untouched = (slots(one, table) for one in pair)
    assert len(old) == 2  # FTRL: accumulator and linear; Adam: first and second
    for slot, values in new.items():
        before = blocks(pair.old, table, old[slot])
        after = blocks(pair.new, table, values)
        never_seen = blocks(pair.untouched, table, untouched[slot])
        for name in TABLES[table]:
            known = FORMER[name]
            np.testing.assert_array_equal(after[name][:known], before[name])
            np.testing.assert_array_equal(after[name][known:], never_seen[name][known:])


def test_pairs_of_known_ids_score_as_before(pair: Pair) -> None:
    for user in range(FORMER["user_id"]):
        for brand in range(FORMER["brand"]):
            asked = query(user), candidates(list(range(FORMER["item_id"])), brand)
            np.testing.assert_array_equal(
                pair.new.logits(*asked)["positive"], pair.old.logits(*asked)["positive"]
            )


def test_a_new_id_scores_as_the_unknown_one(pair: Pair) -> None:
    unknown = pair.old.logits(query(UNKNOWN_ID), candidates([UNKNOWN_ID, 3]))["positive"]
    item = GROWN["item_id"] - 1
    for user in range(FORMER["user_id"], GROWN["user_id"]):
        asked = query(user), candidates([item, 3])
        np.testing.assert_array_equal(pair.new.logits(*asked)["positive"], unknown)
    unknown = pair.old.logits(query(city=UNKNOWN_ID), candidates([3], UNKNOWN_ID))["positive"]
    asked = query(city=GROWN["city"] - 1), candidates([3], GROWN["brand"] - 1)
    np.testing.assert_array_equal(pair.new.logits(*asked)["positive"], unknown)


def test_rows_of_the_second_block_move_behind_the_new_ones_of_the_first() -> None:
    # Former rows 0 1 2 | 3 4 5; the first feature has two new ids, unknown is its row 1, and the
    # second has one, unknown is its row 1, which was row 4.
    rows = Rows.of([Block(3, 5), Block(3, 4)])
    assert rows.origin.tolist() == [0, 1, 2, 1, 1, 3, 4, 5, 4]
    assert rows.known.tolist() == [True, True, True, False, False, True, True, True, False]


@pytest.mark.parametrize("num_ids", [FORMER | {"city": 6}, {"user_id": 10}], ids=["other", "less"])
def test_blocks_that_do_not_make_up_the_former_table_are_refused(
    pair: Pair, num_ids: Mapping[str, int]
) -> None:
    # wide/query had 10 + 7 + 5 + 6 = 28 rows and has 13 + 9 + 6 + 6 = 34.
    with pytest.raises(ArtifactError, match=r"`wide/query/table:0` was \[28, 1\] and is \[34, 1\]"):
        take_over(saved(pair.old, num_ids), ranker(GROWN))


def test_ids_that_became_fewer_are_refused(pair: Pair) -> None:
    with pytest.raises(ArtifactError, match="does not fit these settings"):
        take_over(saved(pair.old), ranker(GROWN | {"country": 5}))
