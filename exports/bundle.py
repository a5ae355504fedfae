"""Write a bundle: everything that a server needs, in one folder with a hash for each file."""

import datetime
import importlib.metadata
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import ArtifactError
from configs.export import AUTO, ExportConfig, IndexConfig
from configs.run import RunConfig, fingerprint
from exports.choice import Chosen, Vectors, choose_index
from exports.contest import EXACT
from exports.index import build_index, open_index
from exports.loader import LoadedModel, load_model
from exports.manifest import Manifest, Rows, write_manifest
from exports.model_card import CARD, Learned, model_card
from exports.raw import raw_columns
from exports.requests.asked import asked_inputs
from exports.requests.catalogue import Catalogue
from exports.requests.data import item_data
from exports.requests.model import RequestModel
from exports.requests.scann_model import ScannItems, ScannModel
from exports.samples import sample_items, sample_queries
from exports.savedmodels import (
    CANDIDATE_EMBEDDING,
    Ranker,
    Retriever,
    save_candidate_model,
    save_query_model,
    save_rank_model,
)
from exports.scann_operations import MODEL as SCANN_MODEL
from exports.schema import schema_fingerprint
from exports.tables import item_table, user_table, write_users
from exports.verification.recorder import MOST, record_requests
from exports.warm_up import write_warm_up
from exports.wider import search_enough
from tfrs_models.data.dataset import FIRST_ROW, PreparedDataset
from tfrs_models.durable import new_folder
from tfrs_models.evaluation.reranked import separators
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.tables import MICROSECONDS_A_SECOND
from tfrs_models.reranking.catalogue import check_columns
from tfrs_models.reranking.chain import open_chain

REPORT = "report.html"
_ITEMS_A_CALL = 4_096
_RECALL_QUERIES = 1_000
_LIBRARIES = ("tensorflow", "tensorflow-recommenders", "scann", "numpy", "tfrs-two-stage")


@dataclass(frozen=True)
class BundleParts:
    """What a bundle is made of.

    Attributes:
        config: the resolved configuration.
        dataset: the prepared dataset; all its items are candidates.
        encoder: the features that both models were trained on.
        retriever: the two-tower model.
        ranker: the ranking model; None leaves the retrieved order.
        metrics: the measured values of the run, by flat key.
        queries: float32 [Q, D] or [Q, H, D], embeddings of real queries, for the recall of the
            index.
        report: the page of the run's measurements, which is copied; None where there is none.
        known_until: microseconds since 1970 UTC, the moment that item statistics are those of; the
            end of the log when None. A bundle that is to be measured on the events after a moment
            must know nothing of them.
        parents: SHA-256 of the manifests of the bundles whose training this one continues.
    """

    config: RunConfig
    dataset: PreparedDataset
    encoder: FeatureEncoder
    retriever: Retriever
    ranker: Ranker | None
    metrics: Mapping[str, float]
    queries: NDArray[np.float32]
    report: Path | None = None
    known_until: int | None = None
    parents: tuple[str, ...] = ()


def write_bundle(parts: BundleParts, folder: Path) -> Path:
    """Write the bundle; it appears whole at `folder`, or not at all.

    Returns:
        `folder`.

    Raises:
        ConfigError: a step of `reranking` reads a column that the items do not have.
        ArtifactError: an embedding that no index can hold, an index that cannot be built, or one
            whose recall is below `export.min_index_recall`.
        EnvironmentFault: the library of the index is not installed.
    """
    with new_folder(folder) as work:
        items, users = _write_tables(parts, work)
        _write_models(parts, work / "models")
        embeddings = _embed(work / "models" / "embed_candidate", items)
        index = _write_indexes(parts, embeddings, items, work / "index")
        _write_request_model(parts, embeddings, items, work)
        if parts.config.export.scann_model:
            _write_scann_model(parts, embeddings, items, index, work / "models" / SCANN_MODEL)
        _write_samples(parts, items, users, work)
        manifest = _manifest(parts, index)
        _write_records(parts, manifest, work)
        write_manifest(manifest, work)
    return folder


def _write_models(parts: BundleParts, folder: Path) -> None:
    save_query_model(parts.encoder, parts.retriever, folder / "embed_query")
    save_candidate_model(parts.encoder, parts.retriever, folder / "embed_candidate")
    if parts.ranker is not None:
        save_rank_model(parts.encoder, parts.ranker, folder / "rank")


def _write_tables(parts: BundleParts, folder: Path) -> tuple[Any, Any]:
    """The item table, and the user table or None."""
    import pyarrow.parquet as pq

    items = item_table(parts.dataset, parts.encoder.spec, parts.known_until)
    check_columns(open_chain(parts.config.reranking).needs, items.column_names)
    pq.write_table(items, folder / "items.parquet")
    if not parts.config.export.user_table:
        return items, None
    users = user_table(parts.dataset, parts.encoder.spec)
    write_users(users, folder / "users.arrow")
    return items, users


def _embed(folder: Path, items: Any) -> NDArray[np.float32]:
    """Candidate embeddings [N, D] by the exported model, so that index and model agree."""
    model = load_model(folder)
    starts = range(0, items.num_rows, _ITEMS_A_CALL)
    blocks = [_embed_rows(model, items.slice(start, _ITEMS_A_CALL)) for start in starts]
    model.close()
    return np.concatenate(blocks)


def _embed_rows(model: LoadedModel, rows: Any) -> NDArray[np.float32]:
    return model(raw_columns(rows, model.inputs))[CANDIDATE_EMBEDDING]


def _write_request_model(
    parts: BundleParts, embeddings: NDArray[np.float32], items: Any, folder: Path
) -> None:
    filters, between = parts.config.export.filters, separators(parts.encoder.spec)
    data = item_data(parts.encoder, items, embeddings, filters, between)
    RequestModel(
        encoder=parts.encoder,
        retriever=parts.retriever,
        ranker=parts.ranker,
        catalogue=Catalogue(data),
        candidates=parts.config.ranking.candidates,
        exclude_seen=parts.config.evaluation.exclude_seen,
    ).save(folder)


def _write_scann_model(
    parts: BundleParts, embeddings: NDArray[np.float32], items: Any, chosen: Chosen, folder: Path
) -> None:
    ids = items.column("item_id").to_pylist()
    # With the settings of the index where it is ScaNN's too.
    options = chosen.options if chosen.type == "scann" else {}
    index = ScannItems.of(ids, embeddings, options, parts.config.seed)
    seen = parts.config.evaluation.exclude_seen
    ScannModel(parts.encoder, parts.retriever, index, seen).save(folder)


def _write_samples(parts: BundleParts, items: Any, users: Any, folder: Path) -> None:
    """Requests that warm a server up, and requests with their answers."""
    now = int(parts.dataset.events.time.max()) // MICROSECONDS_A_SECOND
    queries = sample_queries(parts.encoder, users, items, now, MOST)
    asked = asked_inputs(parts.config.export.filters)
    write_warm_up(folder, parts.config.name, queries, asked)
    record_requests(folder, queries, sample_items(parts.encoder, items, MOST))


def _write_indexes(
    parts: BundleParts, embeddings: NDArray[np.float32], items: Any, folder: Path
) -> Chosen:
    export = parts.config.export
    ids = items.column("item_id").to_pylist()
    queries = parts.queries.reshape(-1, parts.queries.shape[-1])[:_RECALL_QUERIES]
    vectors = Vectors(embeddings, ids, queries, parts.config.seed)
    if export.index.type == AUTO:
        return choose_index(vectors, export.min_index_recall, folder)
    return _write_configured(vectors, export, folder)


def _write_configured(vectors: Vectors, export: ExportConfig, folder: Path) -> Chosen:
    name = export.index.type
    for config in {EXACT: IndexConfig(type=EXACT), name: export.index}.values():
        target = folder / config.type
        build_index(config, vectors.embeddings, vectors.ids, target, vectors.seed)
    exact, enough = open_index(folder / EXACT), export.min_index_recall
    found = search_enough(export.index, folder / name, exact, vectors.queries, enough)
    if found.recall < enough:
        raise ArtifactError(
            f"the `{name}` index finds {found.recall:.4f} of the exact top 100, less than "
            f"`export.min_index_recall` = {enough}, however much it searches or as much as "
            "`export.index.options` say. Set `export.index.type` to `auto` or `exact`."
        )
    return Chosen(name, found.recall, options={**export.index.options, **found.settings})


def _write_records(parts: BundleParts, manifest: Manifest, folder: Path) -> None:
    import yaml

    parts.encoder.spec.save(folder / "features")
    # Not how it is retrained: hooks are nobody's business who gets a bundle.
    settings = parts.config.model_dump(mode="json", exclude={"retraining"})
    config = yaml.safe_dump(settings, sort_keys=False)
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    (folder / "metrics.json").write_text(json.dumps(dict(parts.metrics), indent=2) + "\n")
    card = model_card(manifest, parts.config, parts.metrics, Learned.of(parts.dataset))
    (folder / CARD).write_text(card, encoding="utf-8")
    if parts.report is not None:
        shutil.copyfile(parts.report, folder / REPORT)


def _manifest(parts: BundleParts, index: Chosen) -> Manifest:
    times = parts.dataset.events.time
    return Manifest(
        model_name=parts.config.name,
        parents=parts.parents,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        data_window=(_iso(times.min()), _iso(times.max())),
        config_fingerprint=fingerprint(parts.config),
        dataset_fingerprint=parts.dataset.fingerprint,
        schema_fingerprint=schema_fingerprint(parts.encoder.spec),
        rows=_rows(parts.dataset),
        versions=_versions(),
        index=index.type,
        index_recall=index.recall,
        index_contest=index.contest,
        candidates=parts.config.ranking.candidates,
        exclude_seen=parts.config.evaluation.exclude_seen,
        reranking=parts.config.reranking,
        separators=separators(parts.encoder.spec),
    )


def _rows(dataset: PreparedDataset) -> Rows:
    users, items = dataset.num_users - FIRST_ROW, dataset.num_items - FIRST_ROW
    return Rows(users=users, items=items, events=len(dataset.events))


def _iso(microseconds: np.int64) -> str:
    return f"{np.datetime64(int(microseconds), 'us')}Z"


def _versions() -> dict[str, str]:
    installed = {dist.name: dist.version for dist in importlib.metadata.distributions()}
    return {name: installed[name] for name in _LIBRARIES if name in installed}
