"""Matplotlib's figures as SVG that stands in an HTML page; equal numbers give equal bytes."""

import io
import re
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#1f6fb4", "#d1631c", "#2a8a4a", "#8a4fa3")
GREY = "#8490a0"
_LONGEST = 32
_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
# Names are no formulas, and the reader's browser knows letters that Matplotlib's font lacks.
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.sans-serif": ["DejaVu Sans"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e9ee",
    "legend.frameon": False,
}


def drawn(
    name: str, draw: Callable[[list["Axes"]], None], columns: int, width: float, height: float
) -> str:
    """A picture of some panels side by side, without the head of an XML file.

    Args:
        name: of the picture, a plain word; no two pictures of a page share it.
        draw: fills the axes.
        columns: how many.
        width: of a panel, inches.
        height: the same.
    """
    from matplotlib import style
    from matplotlib.figure import Figure

    settings = {**_STYLE, "svg.hashsalt": f"tfrs {name}"}
    file = io.StringIO()
    with style.context(["default", settings]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure = Figure((columns * width, height), layout="constrained")
        draw(list(figure.subplots(1, columns, squeeze=False).flat))
        figure.savefig(file, format="svg", metadata=_METADATA)
    text = file.getvalue()
    # Nothing refers to the ids of groups, and they are the same in every picture.
    return re.sub(r'<g id="[^"]*"', "<g", text[text.index("<svg") :])


def short(name: str) -> str:
    """A name that fits beside a picture."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def bars(
    means: Sequence[float], low: Sequence[float | None], high: Sequence[float | None]
) -> list[list[float]]:
    """Lengths of error bars below and above the means; 0 where there are no bounds."""
    below = [0.0 if end is None else max(at - end, 0.0) for at, end in zip(means, low, strict=True)]
    above = [
        0.0 if end is None else max(end - at, 0.0) for at, end in zip(means, high, strict=True)
    ]
    return [below, above]
