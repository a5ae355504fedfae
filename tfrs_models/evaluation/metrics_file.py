"""Results as flat keys, and `metrics.json`."""

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from tfrs_models.durable import write_text
from tfrs_models.evaluation.intervals import Interval, differences
from tfrs_models.evaluation.report import SystemResult

BASELINES = "baselines"
"""The group of the baselines."""


def flatten(results: Sequence[SystemResult]) -> dict[str, float]:
    """All measurements under flat keys.

    `baselines.item_knn.recall@10` with `.low` and `.high`, `two_stage.ndcg@10` where group and name
    are the same, `slices.new_users.baselines.item_knn.recall@20`, `slices.new_users.queries`,
    `baselines.item_knn.seconds`, `cold_start.history_3.item_knn.recall@20`,
    `cold_start.history_3.queries`, and `differences.two_tower-item_knn.recall@20`, paired by user,
    of each stage to every baseline and to the stage before. What is undefined has no key.
    """
    flat: dict[str, float] = {}
    for result in results:
        flat |= _flat(result.key, result.intervals)
        flat |= {f"{result.key}.{name}": value for name, value in result.beyond.items()}
        if result.seconds is not None:
            flat[f"{result.key}.seconds"] = result.seconds
        for name, part in result.slices.items():
            flat[f"slices.{name}.queries"] = part.queries
            flat |= _flat(f"slices.{name}.{result.key}", part.intervals)
        for name, part in result.cold_start.items():
            flat[f"cold_start.{name}.queries"] = part.queries
            flat |= _flat(f"cold_start.{name}.{result.name}", part.intervals)
    return flat | _differences(results)


def shown_k(results: Sequence[SystemResult]) -> int:
    """The k of tables and comparisons: 20 where it was measured, else the largest."""
    ks = {int(name.partition("@")[2]) for result in results for name in result.intervals}
    return 20 if 20 in ks else max(ks)


def _differences(results: Sequence[SystemResult]) -> dict[str, float]:
    baselines = [result for result in results if result.group == BASELINES]
    systems = [result for result in results if result.group != BASELINES]
    flat: dict[str, float] = {}
    for system, baseline in itertools.product(systems, baselines):
        paired = differences(system.values, baseline.values, system.bootstrap)
        flat |= _flat(f"differences.{system.name}-{baseline.name}", paired)
    for earlier, later in itertools.pairwise(systems):
        paired = differences(later.values, earlier.values, later.bootstrap)
        flat |= _flat(f"differences.{later.name}-{earlier.name}", paired)
    return flat


def _flat(prefix: str, measured: Mapping[str, Interval]) -> dict[str, float]:
    flat = {}
    for name, interval in measured.items():
        flat[f"{prefix}.{name}"] = interval.mean
        if interval.low is not None and interval.high is not None:
            flat[f"{prefix}.{name}.low"] = interval.low
            flat[f"{prefix}.{name}.high"] = interval.high
    return flat


def write_metrics(path: Path, flat: Mapping[str, float]) -> None:
    """Write a JSON object with sorted keys; readers see the old file or the whole new one.

    Raises:
        ValueError: a value is not finite. What is undefined must have no key.
    """
    broken = sorted(name for name, value in flat.items() if not math.isfinite(value))
    if broken:
        raise ValueError(
            f"`{broken[0]}` must be finite, received {flat[broken[0]]}: leave undefined values out"
        )
    write_text(path, json.dumps(dict(flat), indent=1, sort_keys=True) + "\n")
