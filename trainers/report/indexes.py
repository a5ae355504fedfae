"""The indexes that were measured for the bundle: what each finds, and in what time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from configs import plugins
from exports.contest import Contest, Measured
from trainers.report.cells import number
from trainers.report.markup import Cell, Section, paragraph, picture, table
from trainers.report.svg import COLOURS, GREY, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEADER = ("index", "settings", "recall@100", "ms", "ms, 99%", "build seconds", "MiB")
_SIZE = (7.0, 3.6)  # inches
_RING = 14  # points
_MIB = 2**20


def indexes(contest: Contest | None) -> Section | None:
    """The indexes among which `export.index.type: auto` has chosen; None when it did not."""
    if contest is None:
        return None
    chosen = contest.measured[contest.chosen]
    text = (
        "Each index over the embeddings of the catalogue, asked for the best 100 of real queries, "
        "one at a time in process. Recall is the share of the exact list that it finds. The "
        "fastest that finds enough is taken, in bold, and the exact one when it is nearly as fast."
    )
    caption = (
        f"Recall against the median time; the ring marks {chosen.type}, which was taken. Higher "
        "and further left is better."
    )
    drawing = drawn("indexes", lambda axes: _draw(axes[0], contest), 1, *_SIZE)
    rows = [_row(one, one is chosen) for one in contest.measured]
    parts = [paragraph(text), picture(drawing, caption), table(_HEADER, rows)]
    return Section("indexes", "Indexes", parts)


def settings(one: Measured) -> str:
    """Those settings of an index that are not the defaults of its plug-in, in words."""
    defaults: dict[str, Any] = plugins.parse_options("index", one.type, {}).model_dump()
    changed = {name: value for name, value in one.options.items() if value != defaults.get(name)}
    return ", ".join(f"{name} {value}" for name, value in changed.items()) or "defaults"


def _row(one: Measured, chosen: bool) -> Sequence[str | Cell]:
    return [
        Cell(one.type, strong=chosen),
        settings(one),
        number(one.recall),
        number(one.p50_ms, 3),
        number(one.p99_ms, 3),
        number(one.build_seconds, 1),
        number(one.bytes / _MIB, 1),
    ]


def _draw(axes: "Axes", contest: Contest) -> None:
    chosen = contest.measured[contest.chosen]
    axes.plot(chosen.p50_ms, chosen.recall, "o", color=GREY, fillstyle="none", markersize=_RING)
    names = dict.fromkeys(one.type for one in contest.measured)
    for name, colour in zip(names, COLOURS, strict=False):
        found = [one for one in contest.measured if one.type == name]
        xs, ys = [one.p50_ms for one in found], [one.recall for one in found]
        axes.plot(xs, ys, "o", color=colour, label=name)
    axes.set_xscale("log")
    axes.margins(0.1)
    axes.set_xlabel("milliseconds, median")
    axes.set_ylabel("recall@100")
    axes.legend()
