"""One tiny run, from simulated events to recommendations, and runs that leave a part out."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console
from support.training import assert_same_numbers, ids_of, stored, tiny_config

from configs.errors import ArtifactError, ConfigError
from exports.manifest import verify
from serving.recommender import Recommender
from serving.request import Request
from tfrs_models.data.dataset import TEST, VALIDATION
from tfrs_models.evaluation.queries import build_queries
from trainers import commands, folders
from trainers.export import export_run, still_true
from trainers.folders import load_run_config
from trainers.ranking.lists import ranked
from trainers.ranking.windows import window_of_test
from trainers.retrieval import candidate_embeddings
from trainers.run import Outcome, Trained, run, train
from trainers.validation import mean_metric

QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("artifacts")


@pytest.fixture(scope="module")
def outcome(artifacts: Path) -> Outcome:
    return run(tiny_config(), artifacts, QUIET)


@pytest.fixture(scope="module")
def trained(outcome: Outcome, artifacts: Path) -> Trained:
    """The models of the finished run, restored."""
    return train(tiny_config(), artifacts, outcome.folder, QUIET)


@pytest.fixture(scope="module")
def recommender(outcome: Outcome) -> Recommender:
    return Recommender.open(outcome.bundle)


def test_metrics_hold_every_system_with_its_interval(outcome):
    metrics = json.loads((outcome.folder / "metrics.json").read_text())
    for system in (
        "baselines.most_popular",
        "baselines.item_knn",
        "retrieval.two_tower",
        "two_stage",
    ):
        for metric in ("recall@10", "ndcg@10", "ndcg@5", "recall@20"):
            low, high = metrics[f"{system}.{metric}.low"], metrics[f"{system}.{metric}.high"]
            assert 0 <= low <= metrics[f"{system}.{metric}"] <= high <= 1 + 1e-9


def test_metrics_hold_the_time_of_every_stage(outcome):
    metrics = json.loads((outcome.folder / "metrics.json").read_text())
    for stage in ("prepare", "retrieval", "ranking", "export"):
        assert metrics[f"training.{stage}.seconds"] > 0
    for stage in ("retrieval", "ranking"):
        assert metrics[f"training.{stage}.examples_per_second"] > 0
        assert 0 <= metrics[f"training.{stage}.best_epoch"] <= metrics[f"training.{stage}.epochs"]
    assert metrics == outcome.metrics


def test_the_cold_start_of_every_system_is_measured_on_the_same_users(outcome):
    metrics = outcome.metrics
    users = {metrics[f"cold_start.history_{length}.queries"] for length in (0, 1, 3, 10)}
    assert len(users) == 1
    for system in ("most_popular", "item_knn", "two_tower", "two_stage"):
        key = f"cold_start.history_3.{system}.recall@20"
        assert metrics[f"{key}.low"] <= metrics[key] <= metrics[f"{key}.high"]
    assert "## Cold start" in (outcome.folder / "table.md").read_text()


def test_retrieval_knows_a_new_user_better_with_each_event(outcome):
    found = [outcome.metrics[f"cold_start.history_{n}.two_tower.recall@20"] for n in (0, 1, 3, 10)]
    assert found == sorted(found)
    assert found[3] > found[0] + 0.1


def test_retrieval_beats_the_most_popular_items(outcome):
    """Measured with seeds 42, 1 and 2: 0.387, 0.381, 0.376 against 0.171, 0.127, 0.185."""
    popular = outcome.metrics["baselines.most_popular.recall@10"]
    assert outcome.metrics["retrieval.two_tower.recall@10"] > popular + 0.1


def test_a_run_folder_holds_its_parts(outcome):
    for part in (
        "config.json",
        "features/spec.json",
        "encoded/item",
        "retrieval/best",
        "retrieval/latest",
        "retrieval/logs",
        "retrieval/done.json",
        "ranking/done.json",
        "metrics.json",
        "table.md",
        "report.html",
        "bundle/manifest.json",
    ):
        assert (outcome.folder / part).exists(), part


def test_the_bundle_holds_the_report_of_the_run(outcome):
    name = load_run_config(outcome.folder).name
    assert f"<h1>{name}" in (outcome.bundle / "report.html").read_text()


def test_the_card_of_the_bundle_has_the_figures_of_the_run(outcome):
    metrics = json.loads((outcome.folder / "metrics.json").read_text())
    card = (outcome.bundle / "MODEL_CARD.md").read_text()
    assert f"| two_stage | {metrics['two_stage.recall@20']:.4f} [" in card


def test_the_bundle_verifies(outcome):
    manifest = verify(outcome.bundle)
    assert manifest.model_name == "tiny"
    assert manifest.index_recall == 1.0


def test_a_known_user_gets_items_that_are_new_to_them(recommender, trained):
    name = ids_of(trained.material.dataset, "user")[2]
    answer = recommender.recommend(Request(user_id=name, k=10))
    found = [item.item_id for item in answer.items]
    assert answer.flags == ()
    assert len(set(found)) == 10
    assert not set(found) & set(answer.history)


def test_a_new_user_is_answered_from_their_history(recommender, trained):
    names = ids_of(trained.material.dataset, "item")
    one = recommender.recommend(Request(k=5, history=(names[2], names[3])))
    other = recommender.recommend(Request(k=5, history=(names[20], names[21])))
    assert one.flags == ("unknown_user",)
    assert [item.item_id for item in one.items] != [item.item_id for item in other.items]


def test_nobody_is_answered(recommender):
    answer = recommender.recommend(Request(k=7))
    assert answer.flags == ("unknown_user", "no_history")
    assert len(answer.items) == 7


def test_scores_fall(recommender):
    scores = [item.score for item in recommender.recommend(Request(k=10)).items]
    assert scores == sorted(scores, reverse=True)


def test_the_bundle_holds_the_embeddings_of_the_restored_model(outcome, trained):
    index = np.load(outcome.bundle / "index" / "exact" / "embeddings.npy")
    expected = candidate_embeddings(trained.two_tower, trained.material)[2:]
    np.testing.assert_allclose(index, expected, atol=1e-6)


def test_the_restored_ranker_ranks_as_it_was_measured(outcome, trained):
    queries = build_queries(trained.material.dataset, TEST, trained.material.config.evaluation, 42)
    window = window_of_test(trained.material)
    found = ranked(trained.ranker, trained.two_tower, window, queries).lists
    assert mean_metric(found, queries, "recall", 10) == pytest.approx(
        outcome.metrics["two_stage.recall@10"]
    )


def test_the_bundle_predicts_what_the_evaluation_measured(outcome, trained, recommender):
    """The same history, the same candidates, the same statistics: the same probabilities.

    Asked with the history that was known before the test, and told the statistics of that time.
    """
    material = trained.material
    queries = build_queries(material.dataset, TEST, material.config.evaluation, 42)
    window = window_of_test(material)
    found = ranked(trained.ranker, trained.two_tower, window, queries.take(np.array([0])))
    items = found.requests.lists[0]
    names = np.array(["", "", *ids_of(material.dataset, "item")[2:]], object)
    history = queries.history.items[: queries.history.indptr[1]]
    request = Request(
        user_id=ids_of(material.dataset, "user")[queries.user[0]],
        history=tuple(names[history].tolist()),
        features={"timestamp": int(queries.time[0] // 1_000_000)},
    )
    arrays = recommender.query_inputs(request, recommender.look_up(request))
    raw = recommender.items.raw(items.astype(np.int64) - 2, recommender.rank.inputs)
    raw["item_statistics"] = window.statistics[items]
    answer = recommender.rank(arrays | raw | {"retrieval_score": found.requests.scores[0]})
    np.testing.assert_allclose(answer["positive"], found.outputs["positive"][0], rtol=1e-5)


def test_the_tasks_and_the_numbers_of_candidates_are_measured(outcome):
    metrics = outcome.metrics
    assert 0.5 < metrics["ranking.positive.auc"] <= 1
    assert metrics["ranking.positive.ece"] < 0.05
    # The configured number is compared with itself; a longer list finds more.
    assert metrics["candidates.50.recall"] < metrics["candidates.100.recall"]
    assert metrics["candidates.50.milliseconds"] > 0
    assert "## Ranking tasks" in (outcome.folder / "table.md").read_text()


def test_no_ranker_is_above_the_perfect_one(outcome):
    for metric in ("ndcg@10", "recall@5", "mrr@10"):
        best = outcome.metrics[f"two_stage.perfect_ranker.{metric}"]
        assert outcome.metrics[f"two_stage.{metric}"] <= best + 1e-12


def test_a_complete_run_is_answered_without_training(outcome, artifacts, monkeypatch):
    def fail(*_: Any) -> None:
        raise AssertionError

    for stage in ("train_retrieval", "fit_features", "write_bundle"):
        monkeypatch.setattr(f"trainers.run.{stage}", fail)
    monkeypatch.setattr("trainers.ranking.stage.window_requests", fail)
    again = run(tiny_config(), artifacts, QUIET)
    assert again.folder == outcome.folder
    same = [name for name in outcome.metrics if not name.endswith(("seconds", "milliseconds"))]
    expected = {name: outcome.metrics[name] for name in same}
    assert {name: again.metrics[name] for name in same} == pytest.approx(expected, rel=1e-6)


def test_evaluate_measures_a_finished_run_again(outcome, artifacts):
    arguments = [outcome.folder.name, "--artifacts", str(artifacts)]
    result = CliRunner(env={"COLUMNS": "200"}).invoke(
        commands.evaluate, arguments, catch_exceptions=False
    )
    assert result.output.count("two_tower") == 2
    assert "Cold start: recall@20" in result.output
    metrics = json.loads((outcome.folder / "metrics.json").read_text())
    assert metrics.keys() == outcome.metrics.keys()


def test_evaluate_refuses_a_run_that_is_not_finished(tmp_path):
    folder = tmp_path / "runs" / "half-00000000"
    folder.mkdir(parents=True)
    folders.write_json(folder / folders.CONFIG, tiny_config().model_dump(mode="json"))
    with pytest.raises(ArtifactError, match="not finished"):
        CliRunner().invoke(
            commands.evaluate, ["half", "--artifacts", str(tmp_path)], catch_exceptions=False
        )


@pytest.fixture(scope="module")
def exported(outcome: Outcome, artifacts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of the run again, with other settings."""
    bundle = tmp_path_factory.mktemp("exported") / "bundle"
    changes = ("ranking.score=1 - positive", "export.user_table=false")
    settings = [part for change in changes for part in ("--set", change)]
    arguments = [outcome.folder.name, "--artifacts", str(artifacts), "--to", str(bundle)]
    CliRunner().invoke(commands.export, [*arguments, *settings], catch_exceptions=False)
    return bundle


def test_export_writes_a_bundle_with_other_settings(exported):
    verify(exported)
    assert not (exported / "users.arrow").exists()
    item = Recommender.open(exported).recommend(Request(k=1)).items[0]
    assert item.score == pytest.approx(1 - item.predictions["positive"], rel=1e-5)


def test_export_trains_nothing(exported, outcome):
    for model in ("embed_query", "embed_candidate"):
        graphs = [bundle / "models" / model / "variables" for bundle in (exported, outcome.bundle)]
        assert_same_numbers(*(stored(str(graph / "variables")) for graph in graphs))


def test_export_leaves_out_the_metrics_that_another_score_changes(exported, outcome):
    metrics = json.loads((exported / "metrics.json").read_text())
    assert metrics["retrieval.two_tower.recall@10"] == pytest.approx(
        outcome.metrics["retrieval.two_tower.recall@10"], rel=1e-6
    )
    assert not [name for name in metrics if "two_stage" in name or "candidates" in name]
    assert "two_stage.recall@10" in outcome.metrics
    assert not (exported / "report.html").exists()


def test_export_leaves_the_run_as_it_is(exported, outcome):
    assert json.loads((outcome.folder / folders.CONFIG).read_text()) == tiny_config().model_dump(
        mode="json"
    )
    assert (outcome.bundle / "users.arrow").exists()


def test_export_replaces_the_bundle_of_the_run_whole(outcome, artifacts, tmp_path):
    folder = shutil.copytree(outcome.folder, tmp_path / "run")
    (folder / "bundle" / "more.txt").touch()
    arguments = [str(folder), "--artifacts", str(artifacts)]
    CliRunner().invoke(commands.export, arguments, catch_exceptions=False)
    assert verify(folder / "bundle").config_fingerprint == verify(outcome.bundle).config_fingerprint
    assert (folder / "bundle" / "report.html").exists()


@pytest.mark.parametrize("key", ["ranking.candidates", "ranking", "exports.index", "seed"])
def test_export_refuses_a_setting_that_needs_training(outcome, tmp_path, key):
    with pytest.raises(ConfigError, match=rf"need no training.*received `{key}`"):
        export_run(outcome.folder, [f"{key}=1"], None, tmp_path, QUIET)


def test_export_refuses_a_wrong_value(outcome, tmp_path):
    with pytest.raises(ConfigError, match=r"`ranking.score`|`ranking`"):
        export_run(outcome.folder, ["ranking.score=clicks"], None, tmp_path, QUIET)


def test_export_replaces_nothing_but_bundles(outcome, tmp_path):
    (tmp_path / "letter.txt").touch()
    with pytest.raises(ConfigError, match="holds something else"):
        export_run(outcome.folder, [], tmp_path, tmp_path, QUIET)
    assert (tmp_path / "letter.txt").exists()


def test_export_refuses_a_target_that_another_process_writes(outcome, tmp_path):
    (tmp_path / ".unfinished-bundle").mkdir()
    with pytest.raises(ArtifactError, match="another process writes this bundle"):
        export_run(outcome.folder, [], tmp_path / "bundle", tmp_path, QUIET)


def test_export_refuses_a_run_that_is_not_finished(tmp_path):
    with pytest.raises(ArtifactError, match="not finished"):
        export_run(tmp_path, [], None, tmp_path, QUIET)


def test_other_re_ranking_changes_the_metrics_of_its_lists_alone():
    before = tiny_config()
    after = tiny_config(reranking={"steps": [{"type": "mmr"}]})
    names = ("two_stage.ndcg@10", "two_stage.reranked.ndcg@10", "differences.reranked-two_stage.a")
    assert still_true(dict.fromkeys(names, 1.0), before, after) == {"two_stage.ndcg@10": 1.0}


def test_data_that_have_changed_are_refused(outcome, artifacts):
    other = tiny_config(data={"simulated": {"users": 151}})
    with pytest.raises(ArtifactError, match="the data have changed"):
        train(other, artifacts, outcome.folder, QUIET)


@pytest.mark.parametrize("stage", ["retrieval", "ranking"])
def test_a_wrong_metric_is_found_before_any_work(tmp_path, stage):
    config = tiny_config(**{stage: {"validation_metric": "ndgc@10"}})
    with pytest.raises(ConfigError, match=rf"`{stage}.validation_metric`.*`ndcg@10`"):
        run(config, tmp_path, QUIET)
    assert list(tmp_path.iterdir()) == []


SHORT: Mapping[str, Any] = {"training": {"epochs": 1}}


def test_without_ranking_the_retrieved_order_stays(tmp_path):
    outcome = run(tiny_config(retrieval=SHORT, ranking={"enabled": False}), tmp_path, QUIET)
    assert not [name for name in outcome.metrics if "two_stage" in name or "ranking" in name]
    answer = Recommender.open(outcome.bundle).recommend(Request(k=3))
    assert [item.score for item in answer.items] == [i.retrieval_score for i in answer.items]


def test_a_refit_learns_the_validation_events_for_the_best_number_of_epochs(tmp_path):
    config = tiny_config(retrieval={**SHORT, "refit": True}, ranking={"enabled": False})
    trained = train(config, tmp_path, tmp_path / "run", QUIET)
    assert not (trained.material.dataset.events.split == VALIDATION).any()
    best = folders.read_done(tmp_path / "run" / "retrieval")["best_epoch"]
    assert folders.read_done(tmp_path / "run" / "refit")["epochs"] == best
    again = train(config, tmp_path, tmp_path / "run", QUIET)  # restored, not trained
    for one, other in zip(trained.two_tower.weights, again.two_tower.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_ranker_may_stand_behind_a_refit(tmp_path):
    config = tiny_config(retrieval={**SHORT, "refit": True}, ranking=SHORT)
    outcome = run(config, tmp_path, QUIET)
    assert outcome.metrics["two_stage.recall@10"] > 0


def test_several_tasks_are_served_with_the_declared_score(tmp_path):
    days = {"after_days": 0.1, "within_days": 1.0}
    tasks = {
        "click": {"label": {"type": "event_type", "options": {"types": ["view"]}}},
        "purchase": {"label": {"type": "event_type"}, "given": "click"},
        "back": {"label": {"type": "returns", "options": days}, "weight": 0.5},
    }
    ranking = {
        **SHORT,
        "tasks": tasks,
        "score": "click + 2 * purchase",
        "sharing": {"type": "mmoe"},
        "interaction": {"type": "fm"},
        "shown_negatives": 4,
        "random_negatives": 2,
        "positions": 10,
    }
    outcome = run(tiny_config(retrieval=SHORT, ranking=ranking), tmp_path, QUIET)
    item = Recommender.open(outcome.bundle).recommend(Request(k=1)).items[0]
    assert set(item.predictions) == {"click", "purchase", "back"}
    expected = item.predictions["click"] + 2 * item.predictions["purchase"]
    assert item.score == pytest.approx(expected, rel=1e-5)


def test_the_re_ranked_lists_are_a_system_of_the_report(tmp_path):
    steps = [{"type": "category_cap", "options": {"column": "category", "most": 2}}]
    config = tiny_config(retrieval=SHORT, ranking=SHORT, reranking={"steps": steps})
    outcome = run(config, tmp_path, QUIET)
    assert (
        outcome.metrics["two_stage.reranked.diversity@10"]
        > outcome.metrics["two_stage.diversity@10"]
    )


def test_histories_can_be_turned_off(tmp_path):
    off = {"history": {"max_length": 0}}
    outcome = run(tiny_config(features=off, retrieval=SHORT, ranking=SHORT), tmp_path, QUIET)
    answer = Recommender.open(outcome.bundle).recommend(Request(k=3))
    assert len(answer.items) == 3


def test_a_cross_may_read_a_feature_that_only_retrieval_sees(tmp_path):
    """`user_id` is a part of the cross `user_category`."""
    features = {"user": {"user_id": {"type": "categorical", "stages": ["retrieval"]}}}
    config = tiny_config(features=features, retrieval=SHORT, ranking=SHORT)
    assert train(config, tmp_path, tmp_path / "run", QUIET).ranker is not None


def test_a_second_run_in_the_same_folder_is_refused(outcome, artifacts):
    with folders.locked(outcome.folder), pytest.raises(folders.BusyError):
        run(tiny_config(), artifacts, QUIET)
