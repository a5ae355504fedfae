"""Challenger and champion, asked as a server asks them, on the same later window."""

from dataclasses import replace
from pathlib import Path

from configs.errors import ArtifactError
from configs.gate import split_metric
from configs.run import RunConfig
from exports.manifest import read_manifest
from exports.verification.isolated import isolated_checks
from exports.verification.limits import Limits
from exports.verification.static import static_checks
from tfrs_models.data.dataset import TEST, PreparedDataset
from tfrs_models.evaluation.baseline import fit_baseline
from tfrs_models.evaluation.popularity import head, train_counts
from tfrs_models.evaluation.queries import Queries, build_queries
from tfrs_models.evaluation.report import HEAD_SHARE
from tfrs_models.evaluation.top_k import top_k_lists
from tfrs_models.metrics.catalogue import coverage, exposure, popularity_share
from trainers.retraining.ask import ask_bundle
from trainers.retraining.gate.decide import decide
from trainers.retraining.gate.masks import slice_masks
from trainers.retraining.gate.scored import Facts, Scored, score_lists
from trainers.retraining.gate.verdict import Check, Verdict

BASELINE = "most_popular"


def judged(
    config: RunConfig, dataset: PreparedDataset, challenger: Path, champion: Path | None
) -> Verdict:
    """The verdict of the gate.

    Args:
        config: its `retraining.gate` holds the rules.
        dataset: what the challenger learned from; its test part is the window.
        challenger: its bundle.
        champion: the served bundle; None before the first.
    """
    sound = loads(challenger)
    if not sound.passed:
        return Verdict((sound,), 0, 0, champion is None, config.seed)
    gate = config.retraining.gate
    queries = build_queries(dataset, TEST, config.evaluation, config.seed)
    k = max(split_metric(name)[1] for name in gate.metrics)
    mine = _scored(config, dataset, queries, challenger, k)
    theirs = _scored(config, dataset, queries, champion, k) if champion else None
    baseline = None if champion else _baseline(config, dataset, queries, k)
    masks = slice_masks(dataset, queries, gate.slices) if champion else {}
    verdict = decide(theirs, mine, baseline, masks, gate, config.seed)
    return replace(verdict, checks=(sound, *verdict.checks))


def loads(bundle: Path) -> Check:
    """Whether the bundle passes all checks of `tfrs verify`, those in a child process included."""
    try:
        for _ in static_checks(bundle):
            pass
        isolated_checks(bundle, Limits.of(on_disk(bundle)))
    except ArtifactError as error:
        return Check("verified", False, None, None, f"the bundle is refused: {error}")
    return Check("verified", True, None, None, "the bundle is whole, loads and answers: passed")


def on_disk(bundle: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file())


def _scored(
    config: RunConfig, dataset: PreparedDataset, queries: Queries, bundle: Path, k: int
) -> Scored:
    answers = ask_bundle(bundle, dataset, queries, k, config.evaluation.exclude_seen)
    exposed = exposure(answers.lists, dataset.num_items)
    popular = head(train_counts(dataset), HEAD_SHARE)
    facts = Facts(
        index_recall=read_manifest(bundle).index_recall,
        p99_ms=answers.p99_ms,
        bytes=float(on_disk(bundle)),
        coverage=coverage(exposed),
        popularity_share=popularity_share(answers.lists, popular),
    )
    metrics = config.retraining.gate.metrics
    return Scored(queries.user, score_lists(answers.lists, queries, metrics), facts)


def _baseline(config: RunConfig, dataset: PreparedDataset, queries: Queries, k: int) -> Scored:
    evaluation = config.evaluation
    scorer = fit_baseline(BASELINE, evaluation, dataset, queries, config.seed)
    lists = top_k_lists(
        scorer,
        queries,
        dataset.num_items,
        k,
        evaluation.memory_limit_mib,
        evaluation.exclude_seen,
        BASELINE,
    )
    return Scored(queries.user, score_lists(lists, queries, config.retraining.gate.metrics))
