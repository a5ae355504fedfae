"""The picture of a search: values over trials, and over each setting."""

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from configs.tune import Choices, Parameter
from tfrs_models.durable import new_file
from trainers.tune.record import Trial
from trainers.tune.report import best_trial, shown
from trainers.tune.search import Search

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PLOT = "tuning.png"

_COLUMNS = 3
_PANEL_INCHES = 3.2
_TICKS = 4  # of a logarithmic axis: Matplotlib's own overlap below one decade
_COLOURS = {"complete": "tab:blue", "pruned": "tab:gray"}
_BEST = "tab:red"


def write_plot(search: Search, trials: Sequence[Trial], folder: Path) -> None:
    """Write `tuning.png`: a panel over the trials' numbers, and one for each setting.

    Failed trials have no value and are not drawn.
    """
    from matplotlib.figure import Figure

    columns = min(_COLUMNS, 1 + len(search.parameters))
    lines = math.ceil((1 + len(search.parameters)) / columns)
    figure = Figure((_PANEL_INCHES * columns, _PANEL_INCHES * lines), layout="constrained")
    axes = list(figure.subplots(lines, columns, squeeze=False).flat)
    valued = [trial for trial in trials if trial.value is not None]
    _draw_history(axes[0], valued)
    for parameter, place in zip(search.parameters, axes[1:], strict=False):
        _draw_parameter(place, parameter, valued)
    for place in axes[1 + len(search.parameters) :]:
        place.set_axis_off()
    for place in axes[::columns]:
        place.set_ylabel(f"validation {search.metric}")
    with new_file(folder / PLOT) as file:
        figure.savefig(file, format="png", dpi=120)


def _draw_history(axes: "Axes", trials: Sequence[Trial]) -> None:
    _scatter(axes, [(trial.number, trial) for trial in trials])
    complete = (trial.score if trial.state == "complete" else -math.inf for trial in trials)
    numbers = [trial.number for trial in trials]
    axes.step(
        numbers, list(accumulate(complete, max)), where="post", color=_BEST, label="best so far"
    )
    axes.axhline(trials[0].score, color="tab:green", linestyle=":", label="as it stands")
    axes.set_xlabel("trial")
    axes.legend(fontsize="small")


def _draw_parameter(axes: "Axes", parameter: Parameter, trials: Sequence[Trial]) -> None:
    _scatter(axes, list(_places(parameter, trials)))
    for place, best in _places(parameter, [best_trial(trials)]):
        axes.plot([place], [best.score], "*", color=_BEST, markersize=12)
    axes.set_xlabel(parameter.key.removeprefix("retrieval."))
    if isinstance(parameter.values, Choices):
        names = [shown(choice) for choice in parameter.values.choices]
        axes.set_xticks(range(len(names)), names, rotation=30, fontsize="small")
    elif parameter.values.log:
        ticks = np.geomspace(parameter.values.low, parameter.values.high, _TICKS)
        axes.set_xscale("log")
        axes.set_xticks(ticks, [f"{tick:.2g}" for tick in ticks])
        axes.minorticks_off()


def _places(parameter: Parameter, trials: Sequence[Trial]) -> Iterator[tuple[float, Trial]]:
    """Where each trial stands on the panel; nowhere when its setting is no value of the space."""
    for trial in trials:
        value = trial.settings[parameter.key]
        if isinstance(parameter.values, Choices):
            if value in parameter.values.choices:
                yield parameter.values.choices.index(value), trial
        elif value is not None:
            yield value, trial


def _scatter(axes: "Axes", placed: Sequence[tuple[float, Trial]]) -> None:
    for state, colour in _COLOURS.items():
        some = [(place, trial.score) for place, trial in placed if trial.state == state]
        axes.scatter(*zip(*some, strict=True) if some else ((), ()), color=colour, label=state)
