"""Tables of the ranking stage in Markdown."""

from collections.abc import Sequence

from tfrs_models.evaluation.table import markdown_lines
from tfrs_models.evaluation.tasks import TaskResult
from trainers.ranking.evaluation import CandidatesResult


def tasks_markdown(tasks: Sequence[TaskResult]) -> str:
    """A row for each measurement of each task."""
    rows = [[t.name, name, f"{value:,.4f}"] for t in tasks for name, value in t.values.items()]
    return markdown_lines(["task", "measure", "value"], rows)


def candidates_markdown(results: Sequence[CandidatesResult]) -> str:
    """A row for each number of candidates."""
    header = ["candidates", "recall", "NDCG@10", "difference", "ms", "ms, 99%"]
    rows = [
        [
            str(one.candidates),
            f"{one.recall:.4f}",
            f"{one.ndcg.mean:.4f}",
            _interval(one),
            f"{one.milliseconds:.2f}",
            f"{one.slow_milliseconds:.2f}",
        ]
        for one in results
    ]
    return markdown_lines(header, rows)


def _interval(result: CandidatesResult) -> str:
    difference = result.difference
    if difference.low is None or difference.high is None:
        return f"{difference.mean:+.4f}"
    return f"{difference.mean:+.4f} [{difference.low:+.4f}, {difference.high:+.4f}]"
