import json

import numpy as np
from support.models import ranking_inputs, ranking_rows
from support.specs import FEATURES, feature, make_spec, random_rows

from configs.ranking import RankingConfig
from configs.retrieval import RetrievalConfig
from configs.training import TrainingConfig
from tfrs_models.layers.embedding import is_table
from tfrs_models.models.two_tower import TwoTower
from tfrs_models.models.wide_deep import WideDeep, is_wide
from trainers.optimizers.build import ranking_optimizer, retrieval_optimizer
from trainers.optimizers.grouped import Grouped

# Features whose names could be taken for a part of the model.
SPEC = make_spec((*FEATURES, feature("wide", "user"), feature("table", "item")))


def rules(optimizer: object, variables: list[object]) -> dict[str, str]:
    """The optimizer of each variable, by the variable's name."""
    groups = optimizer._split([(None, v) for v in variables])
    return {
        variable.name: optimizer.name
        for optimizer, group in zip(optimizer._optimizers, groups, strict=True)
        for _, variable in group
    }


def test_the_wide_part_alone_gets_ftrl() -> None:
    model = WideDeep(ranking_inputs(SPEC), RankingConfig(), seed=0)
    model.build_from(*ranking_rows(SPEC, 1))
    found = rules(ranking_optimizer(RankingConfig(), 100), model.trainable_variables)
    wide = {v.name for v in model.wide.trainable_variables}
    assert {name for name, rule in found.items() if rule == "wide"} == wide
    assert {v.name for v in model.trainable_variables if is_wide(v)} == wide
    # Weights of ids and of dense values (age and price), each of requests and of candidates, and
    # those of the pair features.
    assert len(wide) == 2 + 2 + 1


def test_tables_of_the_deep_part_have_their_own_rate() -> None:
    model = WideDeep(ranking_inputs(SPEC), RankingConfig(), seed=0)
    model.build_from(*ranking_rows(SPEC, 1))
    found = rules(ranking_optimizer(RankingConfig(), 100), model.trainable_variables)
    assert {name for name, rule in found.items() if rule == "tables"} == {
        "taken/table:0",
        "deep_query/table:0",
        "deep_candidate/table:0",
    }


def test_tables_and_layers_have_their_own_rates() -> None:
    model = TwoTower(SPEC, RetrievalConfig(), seed=0)
    model.build_from(random_rows(SPEC, 2))
    found = rules(retrieval_optimizer(TrainingConfig(), 100), model.trainable_variables)
    tables = {name for name, rule in found.items() if rule == "tables"}
    assert tables == {v.name for v in model.trainable_variables if is_table(v)}
    assert tables == {
        "item_id/table:0",
        "item_prior/table:0",
        "user_id/table:0",
        "content/genres/table:0",
        "content/table/table:0",
        "query_features/hour/table:0",
        "query_features/wide/table:0",
    }


def test_warm_up_and_clipping_come_from_the_settings() -> None:
    config = TrainingConfig(
        learning_rate=0.2, embedding_learning_rate=0.4, warmup_steps=10, clip_norm=2.0
    )
    optimizer = retrieval_optimizer(config, 100)
    rates = {o.name: float(o.learning_rate) for o in optimizer._optimizers}
    assert optimizer._clip_norm == 2.0
    np.testing.assert_allclose([rates["dense"], rates["tables"]], [0.02, 0.04], rtol=1e-6)


def test_each_group_has_the_rule_of_its_setting() -> None:
    config = TrainingConfig(optimizer="sgd", embedding_optimizer="adagrad", decay="cosine")
    optimizer = retrieval_optimizer(config, 50)
    rules_of = {o.name: o.get_config()["rule"] for o in optimizer._optimizers}
    assert rules_of == {"tables": "adagrad", "dense": "sgd"}
    schedule = optimizer._optimizers[0].get_config()["learning_rate"]
    assert (schedule["decay"], schedule["total_steps"]) == ("cosine", 50)


def test_the_penalty_is_that_of_the_tables_alone() -> None:
    optimizer = ranking_optimizer(RankingConfig(training=TrainingConfig(embedding_l2=0.1)), 50)
    found = {o.name: o.get_config()["l2"] for o in optimizer._optimizers}
    assert found == {"wide": 0.0, "tables": 0.1, "dense": 0.0}


def test_the_optimizer_is_made_again_from_its_config() -> None:
    config = TrainingConfig(warmup_steps=3, decay="linear", clip_norm=0.5)
    optimizer = ranking_optimizer(RankingConfig(training=config), 40)
    plain = json.loads(json.dumps(optimizer.get_config()))
    assert Grouped.from_config(plain).get_config() == optimizer.get_config()
