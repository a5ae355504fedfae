"""Tables of the model card, in Markdown, from the flat measurements of a run.

The keys are those of `tfrs_models.evaluation.metrics_file.flatten`, and `ranking.TASK.METRIC`. A
table has the rows and columns that were measured; one without any is an empty text.
"""

import html
import re
from collections.abc import Mapping, Sequence

from tfrs_models.evaluation.metrics_file import BASELINES
from tfrs_models.evaluation.table import markdown_lines

Metrics = Mapping[str, float]

_GROUPS = (BASELINES, "retrieval", "two_stage")
# No system that can be had: every retrieved target first.
_PERFECT = "two_stage.perfect_ranker"
_ACCURACY = ("recall", "ndcg", "mrr", "hit_rate")
_SPREAD = ("coverage", "gini", "popularity_share", "novelty", "diversity")
_PARTS = ("recall", "ndcg")
_TASKS = (
    "examples", "base_rate", "ece", "ece_uncalibrated", "auc", "grouped_auc", "log_loss",
    "normalized_entropy", "rmse", "mae", "rmse_of_mean",
)  # fmt: skip
_COUNTS = ("queries", "examples")
# Underscores inside of a word are no emphasis.
_SPECIAL = re.compile(r"[\\`*~\[\]|]|(?<![^\W_])_|_(?![^\W_])")


def escaped(text: object) -> str:
    """A value as Markdown that shows it as it is, on one line, and never as HTML."""
    line = " ".join(str(text).splitlines())
    return _SPECIAL.sub(r"\\\g<0>", html.escape(line, quote=False))


def systems(metrics: Metrics) -> list[str]:
    """Keys of the measured systems, such as `baselines.ease`, in the order of the measurements."""
    split = (name.rpartition(".") for name in metrics)
    keys = {key: None for key, _, metric in split if "@" in metric and _group(key) in _GROUPS}
    return [key for key in keys if key != _PERFECT]


def accuracy(metrics: Metrics) -> str:
    """Accuracy of every system at one k."""
    rows = {key: key for key in systems(metrics)}
    return _table(metrics, "system", rows, _at_k(metrics, _ACCURACY))


def spread(metrics: Metrics) -> str:
    """What the lists of every system are like apart from hits, at one k."""
    rows = {key: key for key in systems(metrics)}
    return _table(metrics, "system", rows, _at_k(metrics, _SPREAD))


def slices(metrics: Metrics) -> list[str]:
    """Accuracy by part of the test, a table a metric, of the stages and the best baseline."""
    return _parts(metrics, "slices", _shown(metrics))


def cold_start(metrics: Metrics) -> list[str]:
    """Accuracy for new items and for users who are asked as if they were new."""
    names = [key.partition(".")[2] or key for key in _shown(metrics)]
    return _parts(metrics, "cold_start", names)


def tasks(metrics: Metrics) -> str:
    """Calibration and accuracy of every task of the ranking model."""
    names = [name.split(".")[1] for name in metrics if name.startswith("ranking.")]
    return _table(metrics, "task", {name: f"ranking.{name}" for name in names}, _TASKS)


def _group(key: str) -> str:
    return key.partition(".")[0]


def _at_k(metrics: Metrics, names: Sequence[str]) -> list[str]:
    """`recall@20` for `recall`; the largest k where 20 was not measured."""
    ks = {int(name.partition("@")[2]) for name in _measured(metrics)}
    k = 20 if 20 in ks else max(ks, default=0)
    return [f"{name}@{k}" for name in names]


def _measured(metrics: Metrics) -> set[str]:
    known = systems(metrics)
    split = (name.rpartition(".") for name in metrics)
    return {metric for key, _, metric in split if key in known and "@" in metric}


def _shown(metrics: Metrics) -> list[str]:
    """The best baseline and the stages."""
    (ndcg,) = _at_k(metrics, ["ndcg"])
    keys = systems(metrics)
    baselines = [k for k in keys if _group(k) == BASELINES and f"{k}.{ndcg}" in metrics]
    best = sorted(baselines, key=lambda key: -metrics[f"{key}.{ndcg}"])[:1]
    return [*best, *(key for key in keys if _group(key) != BASELINES)]


def _parts(metrics: Metrics, kind: str, names: Sequence[str]) -> list[str]:
    """A table a metric; parts without queries are left out."""
    sizes = {name: size for name, size in metrics.items() if _is_size(name, kind)}
    rows = {n.split(".")[1]: n.removesuffix(".queries") for n, size in sizes.items() if size}
    wanted = [metric for metric in _at_k(metrics, _PARTS) if metric in _measured(metrics)]
    tables = [
        _table(metrics, "part", rows, ["queries", *(f"{name}.{metric}" for name in names)])
        for metric in wanted
    ]
    return [table for table in tables if table]


def _is_size(name: str, kind: str) -> bool:
    return name.startswith(f"{kind}.") and name.endswith(".queries")


def _table(metrics: Metrics, corner: str, rows: Mapping[str, str], columns: Sequence[str]) -> str:
    """`rows` is the prefix of the keys by label, `columns` what follows after it."""
    columns = [c for c in columns if any(f"{prefix}.{c}" in metrics for prefix in rows.values())]
    if not columns:
        return ""
    lines = [
        [escaped(label), *(_cell(metrics, f"{prefix}.{column}") for column in columns)]
        for label, prefix in rows.items()
    ]
    return markdown_lines([corner, *map(escaped, columns)], lines)


def _cell(metrics: Metrics, key: str) -> str:
    if key not in metrics:
        return "-"
    if key.endswith(_COUNTS):
        return f"{metrics[key]:,.0f}"
    low, high = metrics.get(f"{key}.low"), metrics.get(f"{key}.high")
    bounds = "" if low is None or high is None else f" [{low:.4f}, {high:.4f}]"
    return f"{metrics[key]:.4f}{bounds}"
