"""How the models were trained: curves, and how long each stage took."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trainers.report.about import STAGES, About
from trainers.report.cells import number
from trainers.report.markup import Section, heading, paragraph, picture, table
from trainers.report.svg import COLOURS, GREY, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEADER = ("stage", "seconds", "epochs", "best epoch", "examples/s")


def training(about: About) -> Section | None:
    """Seconds and curves of the stages that are done; None when none is."""
    if not about.records:
        return None
    rows = [_row(name, about.records[name]) for name in STAGES if name in about.records]
    text = (
        "Seconds count training alone, with the compilation of the first call and without "
        "evaluations. Losses are those of the last compiled call."
    )
    parts = [paragraph(text), table(_HEADER, rows)]
    for name, metric in about.metrics.items():
        records = about.records.get(name, {}).get("curve", ())
        if records:
            best = int(about.records[name]["best_epoch"])
            caption = f"The dotted line marks the epoch whose weights were kept, {best}."
            drawing = _curves(name, metric, records, best)
            parts += [heading(f"{name}: training curve"), picture(drawing, caption)]
    return Section("training", "Training", parts)


def _row(name: str, record: Mapping[str, Any]) -> list[str]:
    digits = {"seconds": 1, "epochs": 0, "best_epoch": 0, "examples_per_second": 0}
    return [name, *(number(record.get(key), places) for key, places in digits.items())]


def _curves(name: str, metric: str, records: Sequence[Mapping[str, float]], best: int) -> str:
    epochs = [one["epoch"] for one in records]

    def draw(axes: list["Axes"]) -> None:
        for place, key, title in zip(axes, ("loss", "metric"), ("loss", metric), strict=True):
            place.plot(epochs, [one[key] for one in records], "o-", color=COLOURS[0], markersize=4)
            place.axvline(best, color=GREY, linestyle=":")
            place.set_xlabel("epoch")
            place.set_ylabel(title if key == "loss" else f"validation {title}")
            place.locator_params(axis="x", integer=True)

    return drawn(f"training_{name}", draw, 2, 4.4, 2.8)
