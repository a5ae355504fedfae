"""Challenger, champion and one before, asked by their request models on the same later window."""

import logging
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
from trainers.retraining.ask import ask_bundle, item_ids, open_bundle
from trainers.retraining.gate.decide import decide
from trainers.retraining.gate.declining import Earlier
from trainers.retraining.gate.first_met import first_met, left_out, untaken
from trainers.retraining.gate.masks import slice_masks
from trainers.retraining.gate.scored import Facts, Scored, score_lists
from trainers.retraining.gate.usual import usual_window
from trainers.retraining.gate.verdict import Check, Verdict
from trainers.retraining.gate.window import window_checks
from trainers.retraining.timed import answer_times

BASELINE = "most_popular"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Former:
    """A version from which the champion has come.

    Attributes:
        bundle: its folder.
        version: its number.
        since: publications after it, up to the champion.
    """

    bundle: Path
    version: int
    since: int


@dataclass(frozen=True)
class Champion:
    """The served version.

    Attributes:
        bundle: its folder.
        version: its number.
        means: of its metrics in the window that it was published on, where they are known.
        former: the oldest kept version on the path to it; None where there is none.
    """

    bundle: Path
    version: int
    means: Mapping[str, float]
    former: Former | None


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
    new = first_met(dataset)
    found = _compared(config, _window(config, dataset, new), challenger, champion)
    checks = (sound, *found.verdict.checks, left_out(dataset, new))
    return replace(found, verdict=replace(found.verdict, checks=checks))


@dataclass(frozen=True)
class _Window:
    """What both are asked.

    Attributes:
        dataset: in which nobody takes the items of `without`.
        queries: of the test part.
        without: ids of the items that were first met in it.
    """

    dataset: PreparedDataset
    queries: Queries
    without: Sequence[str]


def _window(config: RunConfig, dataset: PreparedDataset, new: NDArray[np.bool_]) -> _Window:
    dataset = untaken(dataset, new)
    queries = build_queries(dataset, TEST, config.evaluation, config.seed)
    return _Window(dataset, queries, np.array(item_ids(dataset), object)[new].tolist())


def _compared(
    config: RunConfig, window: _Window, challenger: Path, champion: Champion | None
) -> Judged:
    gate = config.retraining.gate
    if not len(window.queries):
        nobody = Scored(window.queries.user, {})
        checks = tuple(window_checks({"challenger": nobody}, gate))
        return Judged(Verdict(checks, 0, 0, champion is None, config.seed), {})
    folders = [challenger, champion.bundle] if champion else [challenger]
    mine, *others = _asked(config, window, folders)
    theirs = others[0] if others else None
    baseline = None if champion else _baseline(config, window)
    masks = slice_masks(window.dataset, window.queries, gate.slices) if champion else {}
    earlier = _earlier(config, window, champion.former) if champion and champion.former else None
    verdict = decide(theirs, mine, baseline, masks, gate, config.seed, earlier)
    before = usual_window(theirs, champion.means, gate) if champion and theirs else ()
    verdict = replace(verdict, checks=(*before, *verdict.checks))
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


def _asked(config: RunConfig, window: _Window, folders: Sequence[Path]) -> list[Scored]:
    """What bundles answer, each opened once, and how fast they usually do."""
    k, seen = _length(config), config.evaluation.exclude_seen
    enough = config.retraining.gate.max_latency_ratio or math.inf
    with ExitStack() as stack:
        opened = [stack.enter_context(open_bundle(one, window.dataset, k, seen)) for one in folders]
        times = answer_times(opened, window.queries, enough)
        lists = [ask_bundle(one, window.queries, window.without) for one in opened]
    return [_scored(config, window, *found) for found in zip(folders, lists, times, strict=True)]


def _earlier(config: RunConfig, window: _Window, former: Former) -> Earlier | None:
    """A version of before; None, with a warning, where it cannot be asked any more."""
    gate, seen = config.retraining.gate, config.evaluation.exclude_seen
    if gate.max_decline is None:
        return None
    try:
        with open_bundle(former.bundle, window.dataset, _length(config), seen) as bundle:
            lists = ask_bundle(bundle, window.queries, window.without)
    except ArtifactError as error:
        _log.warning("version %d is not looked back to: %s", former.version, error)
        return None
    scored = Scored(window.queries.user, score_lists(lists, window.queries, gate.metrics))
    return Earlier(former.version, former.since, scored)


def _scored(
    config: RunConfig, window: _Window, bundle: Path, lists: NDArray[np.int32], p99_ms: float
) -> Scored:
    dataset, queries = window.dataset, window.queries
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


def _baseline(config: RunConfig, window: _Window) -> Scored:
    """The most popular items before the window, which are none of the new ones."""
    dataset, queries, k = window.dataset, window.queries, _length(config)
    lists = baseline_lists(BASELINE, config.evaluation, dataset, queries, k, config.seed)
    return Scored(queries.user, score_lists(lists, queries, config.retraining.gate.metrics))
