"""`backtest.html`: the policies beside each other, over time, against cost, and by age."""

from collections.abc import Sequence

from trainers.report.cells import NONE, difference, number
from trainers.report.markup import Cell, Section, heading, page, paragraph, picture, table
from trainers.retraining.backtest.freshness import AgeResult
from trainers.retraining.backtest.periods import period_text
from trainers.retraining.backtest.pictures import against_cost, by_age, over_time
from trainers.retraining.backtest.scores import NDCG
from trainers.retraining.backtest.summary import PolicyResult, StepResult, Summary

PAGE = "backtest.html"

Row = list[str | Cell]


def backtest_page(summary: Summary) -> str:
    """The page; equal arguments give equal bytes."""
    first, last = summary.steps[0], summary.steps[-1]
    facts = {
        "configuration": summary.name,
        "steps": f"{len(summary.steps)} of {period_text(first.end - first.start)}",
        "from": first.day,
        "last begins": last.day,
        "queries": f"{summary.policies[0].queries:,}",
        "trainings": f"{_trainings(summary)}",
    }
    sections = [_policies(summary), _over_time(summary), _freshness(summary)]
    return page("Backtest of retraining", facts, sections)


def _trainings(summary: Summary) -> int:
    """Those of several policies counted once."""
    return len({one.training.name for policy in summary.policies for one in policy.steps})


def _policies(summary: Summary) -> Section:
    first = summary.policies[0].name
    text = (
        "Each model is scored on a step before it may learn it. Means are over the queries of all "
        f"steps; small numbers are 95% bootstrap intervals over the users of the difference to "
        f"{first}, on the same queries. Seconds count every training that a policy needs, those "
        "that others share included."
    )
    header = ["policy"]
    for metric in summary.metrics:
        header += [metric, "difference"]
    header += ["trainings", "seconds", "seconds each", "mean age, days"]
    parts = [paragraph(text), table(header, [_row(summary, one) for one in summary.policies])]
    metric = summary.metrics[0]
    if all(metric in policy.means for policy in summary.policies):
        caption = "Higher is better, further left is cheaper."
        parts += [heading("Cost"), picture(against_cost(summary.policies, metric), caption)]
    return Section("policies", "Policies", parts)


def _row(summary: Summary, policy: PolicyResult) -> Row:
    row: Row = [policy.name]
    for metric in summary.metrics:
        row += [number(policy.means.get(metric)), difference(policy.differences.get(metric))]
    total = sum(policy.seconds)
    row += [f"{len(policy.seconds)}", number(total, 1), number(total / len(policy.seconds), 1)]
    return [*row, number(policy.age_days, 1)]


def _over_time(summary: Summary) -> Section:
    parts = [
        picture(over_time(summary.policies, metric), "One line a policy, one point a step.")
        for metric in _of_last_stage(summary)
    ]
    metric = summary.metrics[0]
    rows: list[Sequence[str | Cell]] = []
    for place, step in enumerate(summary.steps):
        found = [policy.steps[place] for policy in summary.policies]
        cells = [_step_cell(one, metric) for one in found]
        rows.append([f"{step.number}, {step.day}", f"{found[0].queries:,}", *cells])
    header = ["step", "queries", *(policy.name for policy in summary.policies)]
    text = f"{metric} of each step, and the age of the model in days."
    return Section("time", "Over time", [*parts, paragraph(text), table(header, rows)])


def _step_cell(found: StepResult, metric: str) -> Cell:
    return Cell(number(found.means.get(metric)), f"{found.age_days:g}")


def _of_last_stage(summary: Summary) -> list[str]:
    stage = summary.metrics[0].partition(".")[0]
    return [metric for metric in summary.metrics if metric.startswith(f"{stage}.")]


def _freshness(summary: Summary) -> Section:
    metrics = _of_last_stage(summary)
    text = (
        "Models of each age, whichever policy they belong to, each once a step. Steps differ, so "
        "the means of two ages are not comparable; the differences are: they are to a model that "
        "was trained just before the same step, on the same queries, and in the same way if there "
        "is one. Where a model from the beginning is compared with one that went on, or the other "
        "way round, the difference is also that of the two ways."
    )
    header = ["age, days", "steps", "queries", "compared"]
    for metric in metrics:
        header += [metric, "against a new model"]
    rows = [_age_row(one, metrics) for one in summary.freshness]
    parts = [paragraph(text), table(header, rows)]
    metric = next(one for one in metrics if one.endswith(NDCG))
    if any(metric in one.differences for one in summary.freshness):
        caption = "Against a new model: what is lost by age, with the interval over the users."
        parts.append(picture(by_age(summary.freshness, metric), caption))
    return Section("freshness", "Worth of freshness", parts)


def _age_row(found: AgeResult, metrics: Sequence[str]) -> Row:
    row: Row = [f"{found.age_days:g}", f"{found.steps}", f"{found.queries:,}"]
    row.append(", ".join(found.compared) or NONE)
    for metric in metrics:
        row += [number(found.means.get(metric)), difference(found.differences.get(metric))]
    return row
