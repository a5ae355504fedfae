"""Challenger and champion, asked as a server asks them, on the same later window."""

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from configs.errors import ArtifactError
from configs.gate import split_metric
from configs.run import RunConfig
from exports.manifest import bytes_on_disk, read_manifest
from exports.verification.isolated import isolated_checks
from exports.verification.limits import Limits
from exports.verification.static import static_checks
from tfrs_models.data.dataset import TEST, PreparedDataset
from tfrs_models.evaluation.baseline import baseline_lists
from tfrs_models.evaluation.popularity import head, train_counts
from tfrs_models.evaluation.queries import Queries, build_queries
from tfrs_models.evaluation.report import HEAD_SHARE
from tfrs_models.metrics.catalogue import coverage, exposure, popularity_share
from trainers.retraining.ask import ask_bundle, open_bundle
from trainers.retraining.gate.decide import decide
from trainers.retraining.gate.masks import slice_masks
from trainers.retraining.gate.scored import Facts, Scored, score_lists
from trainers.retraining.gate.usual import usual_window
from trainers.retraining.gate.verdict import Check, Verdict
from trainers.retraining.timed import answer_times

BASELINE = "most_popular"


@dataclass(frozen=True)
class Champion:
    """The served version.

    Attributes:
        bundle: its folder.
        published: its mean metrics in the window that it was published on, where they are known.
    """

    bundle: Path
    published: Mapping[str, float]


@dataclass(frozen=True)
class Judged:
    """What the gate says, and the challenger's mean metrics."""

    verdict: Verdict
    means: Mapping[str, float]


def judged(
    config: RunConfig, dataset: PreparedDataset, challenger: Path, champion: Champion | None
) -> Judged:
    """The verdict of the gate.

    Args:
        config: its `retraining.gate` holds the rules.
        dataset: what the challenger learned from; its test part is the window.
        challenger: its bundle.
        champion: what is served; None before the first.
    """
    sound = loads(challenger)
    if not sound.passed:
        return Judged(Verdict((sound,), 0, 0, champion is None, config.seed), {})
    gate = config.retraining.gate
    queries = build_queries(dataset, TEST, config.evaluation, config.seed)
    folders = [challenger, champion.bundle] if champion else [challenger]
    mine, *others = _asked(config, dataset, queries, folders)
    theirs = others[0] if others else None
    baseline = None if champion else _baseline(config, dataset, queries)
    masks = slice_masks(dataset, queries, gate.slices) if champion else {}
    verdict = decide(theirs, mine, baseline, masks, gate, config.seed)
    before = usual_window(theirs, champion.published, gate) if champion and theirs else ()
    verdict = replace(verdict, checks=(sound, *before, *verdict.checks))
    return Judged(verdict, {name: float(one.mean()) for name, one in mine.metrics.items()})


def loads(bundle: Path) -> Check:
    """Whether the bundle passes all checks of `tfrs verify`, those in a child process included."""
    try:
        for _ in static_checks(bundle):
            pass
        isolated_checks(bundle, Limits.of(bytes_on_disk(bundle)))
    except ArtifactError as error:
        return Check("verified", False, None, None, f"the bundle is refused: {error}")
    return Check("verified", True, None, None, "the bundle is whole, loads and answers: passed")


def _length(config: RunConfig) -> int:
    """Of the lists that the metrics need."""
    return max(split_metric(name)[1] for name in config.retraining.gate.metrics)


def _asked(
    config: RunConfig, dataset: PreparedDataset, queries: Queries, folders: Sequence[Path]
) -> list[Scored]:
    """What bundles answer, each opened once, and how fast."""
    k, seen = _length(config), config.evaluation.exclude_seen
    enough = config.retraining.gate.max_latency_ratio or math.inf
    with ExitStack() as stack:
        opened = [stack.enter_context(open_bundle(one, dataset, k, seen)) for one in folders]
        times = answer_times(opened, queries, enough)
        lists = [ask_bundle(one, queries) for one in opened]
    return [
        _scored(config, dataset, queries, *found)
        for found in zip(folders, lists, times, strict=True)
    ]


def _scored(
    config: RunConfig,
    dataset: PreparedDataset,
    queries: Queries,
    bundle: Path,
    lists: NDArray[np.int32],
    p99_ms: float,
) -> Scored:
    exposed = exposure(lists, dataset.num_items)
    popular = head(train_counts(dataset), HEAD_SHARE)
    facts = Facts(
        index_recall=read_manifest(bundle).index_recall,
        p99_ms=p99_ms,
        bytes=float(bytes_on_disk(bundle)),
        coverage=coverage(exposed),
        popularity_share=popularity_share(lists, popular),
    )
    metrics = config.retraining.gate.metrics
    return Scored(queries.user, score_lists(lists, queries, metrics), facts)


def _baseline(config: RunConfig, dataset: PreparedDataset, queries: Queries) -> Scored:
    k = _length(config)
    lists = baseline_lists(BASELINE, config.evaluation, dataset, queries, k, config.seed)
    return Scored(queries.user, score_lists(lists, queries, config.retraining.gate.metrics))
