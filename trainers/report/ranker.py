"""The ranking stage by itself: its tasks, their reliability, and the number of candidates."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tfrs_models.evaluation.tasks import TaskResult
from tfrs_models.metrics.reliability import Reliability
from trainers.report.cells import NONE, difference, mean, number
from trainers.report.markup import Section, heading, paragraph, picture, table
from trainers.report.svg import COLOURS, GREY, bars, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from trainers.ranking.evaluation import CandidatesResult

_COUNT = "examples"
_NEAR = 1.3
_TITLES = ("before calibration", "after calibration")
_CAPTION = (
    "Mean label against mean prediction, before and after calibration, in bins of nearly equal "
    "weight with Wilson's 95% intervals; a sound probability lies on the diagonal. Below: the "
    "weight of each bin, so that most predictions lie where the lines are dense."
)


def tasks(found: Sequence[TaskResult]) -> Section | None:
    """Measures of each task, and diagrams of the binary ones; None without a task."""
    if not found:
        return None
    measures = list(dict.fromkeys(name for one in found for name in one.values))
    rows = [[one.name, *(_value(one, name) for name in measures)] for one in found]
    text = (
        "Each task of the ranking model on the retrieved candidates of the test queries. Orders "
        "are measured within a request by grouped_auc (0.5 is chance); a normalized_entropy below "
        "1 is better than the base rate."
    )
    parts = [paragraph(text), table(["task", *measures], rows)]
    for place, one in enumerate(found):
        if one.before is not None and one.after is not None:
            drawing = _reliability(f"reliability{place}", one.before, one.after)
            parts += [heading(f"{one.name}: reliability"), picture(drawing, _CAPTION)]
    return Section("tasks", "Ranking tasks", parts)


def candidates(found: Sequence["CandidatesResult"], configured: int) -> Section | None:
    """What longer lists give and cost; None without a ranker.

    Args:
        found: by number of candidates.
        configured: the number that the others are compared with.
    """
    if not found:
        return None
    header = ["candidates", "recall", "ndcg@10", f"minus that of {configured:,}", "ms", "ms, 99%"]
    rows = [
        [
            f"{one.candidates:,}",
            f"{one.recall:.4f}",
            mean(one.ndcg),
            NONE if one.candidates == configured else difference(one.difference),
            number(one.milliseconds, 2),
            number(one.slow_milliseconds, 2),
        ]
        for one in found
    ]
    text = (
        "The same requests with shorter and longer retrieved lists. Recall is the share of the "
        "targets that are retrieved at all. The time is that to rank one request in process, "
        "median and 99th percentile."
    )
    caption = f"The configured number, {configured:,}, is marked by the dotted line."
    drawing = _by_candidates(found, configured)
    return Section(
        "candidates",
        "Retrieved candidates",
        [paragraph(text), picture(drawing, caption), table(header, rows)],
    )


def _value(task: TaskResult, name: str) -> str:
    return number(task.values.get(name), 0 if name == _COUNT else 4)


def _reliability(name: str, before: Reliability, after: Reliability) -> str:
    ends = [*before.prediction, *before.high, *after.prediction, *after.high]
    limit = min(1.0, 1.05 * max(ends))

    def draw(axes: list["Axes"]) -> None:
        for place, title, found in zip(axes, _TITLES, (before, after), strict=True):
            _diagram(place, found, limit)
            place.set_title(title, fontsize="medium")

    return drawn(name, draw, len(_TITLES), 4.4, 5.0)


def _diagram(axes: "Axes", found: Reliability, limit: float) -> None:
    axes.plot([0, limit], [0, limit], color=GREY, linestyle=":")
    ends = bars(list(found.label), list(found.low), list(found.high))
    axes.errorbar(
        found.prediction, found.label, yerr=ends, fmt="o-", color=COLOURS[0], markersize=4
    )
    axes.set_xlim(0, limit)
    axes.set_ylim(0, limit)
    axes.set_ylabel("mean label")
    axes.tick_params(labelbottom=False)
    below = axes.inset_axes((0.0, -0.24, 1.0, 0.2), sharex=axes)
    below.vlines(found.prediction, 0, found.weight, color=GREY)
    below.set_ylim(bottom=0)
    below.set_yticks([])
    below.set_xlabel("mean prediction")


def _by_candidates(found: Sequence["CandidatesResult"], configured: int) -> str:
    numbers = [one.candidates for one in found]

    def draw(axes: list["Axes"]) -> None:
        intervals = [one.ndcg for one in found]
        means = [one.mean for one in intervals]
        ends = bars(means, [one.low for one in intervals], [one.high for one in intervals])
        axes[0].errorbar(numbers, means, yerr=ends, fmt="o-", color=COLOURS[0])
        axes[0].set_ylabel("ndcg@10")
        median, slow = zip(
            *((one.milliseconds, one.slow_milliseconds) for one in found), strict=True
        )
        axes[1].plot(numbers, median, "o-", color=COLOURS[0], label="median")
        axes[1].plot(numbers, slow, "o--", color=COLOURS[1], label="99%")
        axes[1].set_ylim(bottom=0)
        axes[1].set_ylabel("milliseconds")
        axes[1].legend()
        for place in axes:
            place.axvline(configured, color=GREY, linestyle=":")
            place.set_xscale("log")
            place.set_xticks(numbers, list(_labels(numbers)))
            place.minorticks_off()
            place.set_xlabel("candidates")

    return drawn("candidates", draw, 2, 4.4, 3.2)


def _labels(numbers: Sequence[int]) -> Iterator[str]:
    """What stands below ascending numbers on a logarithmic axis; near ones would overlap."""
    last = 0.0
    for one in numbers:
        far = one > _NEAR * last
        last = one if far else last
        yield f"{one:,}" if far else ""
