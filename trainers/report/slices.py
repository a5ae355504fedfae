"""Parts of the queries: slices, new items and new users."""

from collections.abc import Sequence

from tfrs_models.evaluation.metrics_file import shown_k
from tfrs_models.evaluation.report import SliceResult, SystemResult
from trainers.report.cells import NONE, mean
from trainers.report.markup import Cell, Section, heading, paragraph, table
from trainers.report.systems import DRAWN, PERFECT, Row, best, stages


def slices(systems: Sequence[SystemResult]) -> Section:
    """Parts of the queries, for the stages and the best baseline."""
    k = shown_k(systems)
    shown = [*best(systems, k), *(one for one in stages(systems) if one.name != PERFECT)]
    parts = [paragraph("Parts of the queries and targets that an average hides.")]
    for metric in (f"{name}@{k}" for name in DRAWN):
        rows: list[Row] = [
            [name, f"{part.queries:,}", *(_part(one.slices[name], metric) for one in shown)]
            for name, part in systems[0].slices.items()
        ]
        parts += [heading(metric), table(["slice", "queries", *(one.key for one in shown)], rows)]
    return Section("slices", "Slices", parts)


def cold_start(systems: Sequence[SystemResult]) -> Section | None:
    """New items and new users; None where that was not measured."""
    if not systems[0].cold_start:
        return None
    k = shown_k(systems)
    sizes = [f"{name} ({part.queries:,})" for name, part in systems[0].cold_start.items()]
    text = (
        "New items, and users asked as if they were new, with the latest 0, 1, 3 or 10 events of "
        "their history told; in brackets the number of queries."
    )
    parts = [paragraph(text)]
    for metric in (f"{name}@{k}" for name in DRAWN):
        rows: list[Row] = [
            [one.key, *(_part(part, metric) for part in one.cold_start.values())] for one in systems
        ]
        parts += [heading(metric), table(["system", *sizes], rows)]
    return Section("cold_start", "Cold start", parts)


def _part(part: SliceResult, metric: str) -> Cell:
    return mean(part.intervals[metric]) if part.queries else Cell(NONE)
