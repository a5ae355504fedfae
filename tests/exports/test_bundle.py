import dataclasses
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from support.bundles import ITEMS, Run, make_parts

from configs.errors import ArtifactError
from configs.export import IndexConfig
from configs.run import RunConfig
from exports.build_index import main
from exports.bundle import write_bundle
from exports.index import open_index
from exports.loader import load_model
from exports.manifest import Rows, read_manifest, verify
from exports.raw import raw_columns
from exports.schema import schema_fingerprint
from tfrs_models.features.encode import encode_tables
from tfrs_models.features.spec import FeatureSpec


def test_holds_every_promised_part(run: Run) -> None:
    parts = {path.relative_to(run.bundle).as_posix() for path in run.bundle.rglob("*")}
    assert parts >= {
        "models/embed_query", "models/embed_candidate", "models/rank", "index/scann",
        "index/exact", "features/spec.json", "items.parquet", "users.arrow", "config.yaml",
        "metrics.json", "manifest.json", "saved_model.pb", "variables", "MODEL_CARD.md",
    }  # fmt: skip


def test_row_i_of_the_items_is_position_i_of_the_index(run: Run) -> None:
    model = load_model(run.bundle / "models" / "embed_candidate")
    items = pq.read_table(run.bundle / "items.parquet")
    embeddings = model(raw_columns(items, model.inputs))["candidate_embedding"]
    for name in ("exact", "scann"):
        positions, _ = open_index(run.bundle / "index" / name).search(embeddings, 1)
        assert positions[:, 0].tolist() == list(range(ITEMS))


def test_the_index_holds_the_embeddings_that_training_would_give(run: Run, tmp_path: Path) -> None:
    encoded = encode_tables(run.parts.encoder, run.parts.dataset, tmp_path).item
    rows = {name: np.asarray(values[2:]) for name, values in encoded.items()}
    expected = run.parts.retriever.embed_candidate(rows).numpy()
    stored = np.load(run.bundle / "index" / "exact" / "embeddings.npy")
    np.testing.assert_allclose(stored, expected, atol=1e-6)


def test_items_keep_all_columns_and_their_popularity(run: Run) -> None:
    items = pq.read_table(run.bundle / "items.parquet")
    assert {"item_id", "title", "genres", "price", "popularity"} <= set(items.column_names)
    events = run.parts.dataset.events
    assert items.column("popularity")[0].as_py() == int((events.item == 2).sum())


def test_users_are_sorted_with_their_latest_items(run: Run) -> None:
    users = pa.ipc.open_file(run.bundle / "users.arrow").read_all()
    ids = users.column("user_id").to_pylist()
    assert ids == sorted(ids)
    names = pq.read_table(run.parts.dataset.folder / "items.parquet").column("item_id").to_pylist()
    dataset, user = run.parts.dataset, ids.index("u7")
    start, stop = dataset.offsets[user + 2], dataset.offsets[user + 3]
    rows = [row for row in dataset.events.item[start:stop].tolist() if row < dataset.known_items]
    # `history.max_length` is 5.
    assert users.column("history")[user].as_py() == [names[row - 2] for row in rows[-5:]]
    assert len(users.column("seen")[user].as_py()) == 6


def test_the_configuration_is_the_one_of_the_run(run: Run) -> None:
    raw = yaml.safe_load((run.bundle / "config.yaml").read_text())
    assert RunConfig.model_validate(raw) == run.parts.config


def test_the_features_load_again(run: Run) -> None:
    assert FeatureSpec.load(run.bundle / "features") == run.parts.encoder.spec


def test_the_metrics_are_those_of_the_run(run: Run) -> None:
    assert json.loads((run.bundle / "metrics.json").read_text()) == dict(run.parts.metrics)


def test_the_card_tells_the_metrics_of_the_run(run: Run) -> None:
    card = (run.bundle / "MODEL_CARD.md").read_text()
    assert "| retrieval.two_tower | 0.5000 |" in card


def test_the_report_is_that_of_the_run(run: Run) -> None:
    assert (run.bundle / "report.html").read_text() == "<p>measured</p>"


def test_the_manifest_counts_the_rows_of_the_data(run: Run) -> None:
    # 20 users with 6 events each.
    assert read_manifest(run.bundle).rows == Rows(users=20, items=ITEMS, events=120)


def test_the_manifest_holds_the_schema_of_the_features(run: Run) -> None:
    assert read_manifest(run.bundle).schema_fingerprint == schema_fingerprint(
        FeatureSpec.load(run.bundle / "features")
    )


def test_a_bundle_of_a_training_from_scratch_has_no_parents(run: Run) -> None:
    assert read_manifest(run.bundle).parents == ()


def test_the_manifest_says_what_the_bundle_is(run: Run) -> None:
    manifest = read_manifest(run.bundle)
    assert manifest.model_name == "tiny"
    assert manifest.index == "scann"
    assert manifest.index_recall == 1.0
    assert manifest.dataset_fingerprint == "0" * 64
    # The first event lies at 1,000,000 s, the last 119 h later: 1,428,400 s.
    assert manifest.data_window[0].startswith("1970-01-12T13:46:40")
    assert manifest.data_window[1].startswith("1970-01-17T12:46:40")
    assert manifest.versions["numpy"] == np.__version__


def test_optional_parts_stay_away(tmp_path: Path) -> None:
    export = {"user_table": False, "index": {"type": "exact"}}
    parts = make_parts(tmp_path, with_ranker=False, export=export)
    bundle = write_bundle(parts, tmp_path / "bundle")
    assert not (bundle / "users.arrow").exists()
    assert not (bundle / "models" / "rank").exists()
    assert not (bundle / "report.html").exists()
    assert [path.name for path in (bundle / "index").iterdir()] == ["exact"]


def test_too_low_a_recall_stops_the_export_with_the_figure(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exports.wider.measure_recall", lambda *_: 0.9)
    with pytest.raises(ArtifactError, match=r"finds 0\.9000 .* `export\.min_index_recall` = 0\.95"):
        write_bundle(run.parts, tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_the_index_that_auto_takes_is_told_with_its_rivals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exports.index._run_child", main)
    monkeypatch.setattr("exports.choice.EXACT_BELOW", 10)
    monkeypatch.setattr("exports.choice.rivals", lambda _: [IndexConfig(type="scann")])
    # The exact index is measured first: 2 ms, then ScaNN with 1.
    monkeypatch.setattr("exports.choice.latency", lambda *_, times=[2.0, 1.0]: (times.pop(0), 3.0))
    parts = make_parts(tmp_path, with_ranker=False, export={"index": {"type": "auto"}})
    manifest = verify(write_bundle(parts, tmp_path / "bundle"))
    assert (manifest.index, manifest.index_recall) == ("scann", 1.0)
    assert manifest.index_contest is not None
    assert [one.p50_ms for one in manifest.index_contest.measured] == [2.0, 1.0]
    assert manifest.index_contest.chosen == 1


def test_a_diverged_model_stops_the_export_and_keeps_the_former_bundle(
    run: Run, tmp_path: Path
) -> None:
    class Diverged:
        def embed_query(self, encoded: dict[str, object]) -> object:
            return run.parts.retriever.embed_query(encoded)

        def embed_candidate(self, encoded: dict[str, object]) -> object:
            return run.parts.retriever.embed_candidate(encoded) * np.nan

    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "champion").write_text("x")
    parts = dataclasses.replace(run.parts, retriever=Diverged())
    with pytest.raises(ArtifactError, match="40 of 40 candidates holds NaN"):
        write_bundle(parts, tmp_path / "bundle")
    assert [path.name for path in tmp_path.rglob("*")] == ["bundle", "champion"]
