"""`report.html`: everything that was measured, to be read in a browser."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tfrs_models.durable import write_text
from trainers.report import ranker, slices, systems
from trainers.report.about import About
from trainers.report.indexes import indexes
from trainers.report.markup import page
from trainers.report.tradeoff import tradeoff
from trainers.report.training import training

if TYPE_CHECKING:
    from trainers.evaluation import Measured

REPORT_FILE = "report.html"


def write_report(
    found: "Measured", metrics: Mapping[str, float], about: About, folder: Path
) -> None:
    """Write `report.html`; equal arguments give equal bytes.

    Args:
        found: the measurements.
        metrics: the flat ones.
        about: what else there is to say of the run.
        folder: where the file goes.
    """
    write_text(folder / REPORT_FILE, report(found, metrics, about))


def report(found: "Measured", metrics: Mapping[str, float], about: About) -> str:
    """The page; sections without content are left out."""
    sections = (
        systems.results(found.results),
        systems.compared(found.results, metrics),
        systems.beyond(found.results),
        slices.slices(found.results),
        slices.cold_start(found.results),
        ranker.tasks(found.tasks),
        ranker.candidates(found.candidates, about.candidates),
        tradeoff(found.curve),
        indexes(about.contest),
        training(about),
    )
    return page(about.name, about.facts, [one for one in sections if one is not None])
