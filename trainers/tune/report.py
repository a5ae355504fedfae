"""What a search leaves to read: a table of its trials, and the best configuration."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from configs.documents import dump
from configs.load import changed, load_config, preset_names
from tfrs_models.durable import write_text
from trainers.tune.record import Trial
from trainers.tune.search import Search

BEST = "best.yaml"
CSV = "trials.csv"

_SHOWN_TRIALS = 10


def best_trial(trials: Sequence[Trial]) -> Trial:
    """The complete trial of the highest value, the earliest of equals."""
    complete = [trial for trial in trials if trial.state == "complete"]
    return max(complete, key=lambda trial: (trial.score, -trial.number))


def write_reports(search: Search, trials: Sequence[Trial], folder: Path) -> None:
    """Write `trials.csv` and `best.yaml`."""
    write_text(folder / CSV, _csv(search, trials))
    write_text(folder / BEST, best_yaml(search, best_trial(trials).settings))


def _csv(search: Search, trials: Sequence[Trial]) -> str:
    keys = [parameter.key for parameter in search.parameters]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["number", "state", search.metric, "seconds", "epochs", *keys, "reason"])
    for trial in trials:
        value = "" if trial.value is None else f"{trial.value:.6f}"
        epochs = trial.curve[-1][0] if trial.curve else 0
        settings = [shown(trial.settings[key]) for key in keys]
        measured = [trial.number, trial.state, value, f"{trial.seconds:.1f}", epochs]
        writer.writerow([*measured, *settings, trial.reason])
    return text.getvalue()


def best_yaml(search: Search, settings: Mapping[str, Any]) -> str:
    """The configuration of a trial: its base, and what differs from that."""
    base, source = load_config(search.source), search.source
    if source not in preset_names():
        source = str(Path(source).expanduser().absolute())
    best = changed(search.config, settings)
    other = _difference(best.model_dump(mode="json"), base.model_dump(mode="json"))
    return dump({"base": source, **other})


def _difference(values: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """What to lay over `base` to get `values`; a changed `type` brings all of its section."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        former: Any = base.get(key)
        if value == former:
            continue
        mappings = isinstance(value, Mapping) and isinstance(former, Mapping)
        if mappings and value.get("type") == former.get("type"):
            found[key] = _difference(value, former)
        else:
            found[key] = value
    return found


def table(search: Search, trials: Sequence[Trial]) -> Table:
    """The best trials, best first, then the configuration as it stands if it is not among them."""
    complete = [trial for trial in trials if trial.state == "complete"]
    ranked = sorted(complete, key=lambda trial: (-trial.score, trial.number))
    rows = ranked[:_SHOWN_TRIALS]
    rows += [trial for trial in ranked[_SHOWN_TRIALS:] if trial.number == 0]
    drawn = Table(title=_title(trials), title_justify="left")
    drawn.add_column("trial", justify="right")
    drawn.add_column(search.metric, justify="right", no_wrap=True)
    drawn.add_column("seconds", justify="right")
    drawn.add_column("settings", overflow="fold")
    for trial in rows:
        cells = (str(trial.number), f"{trial.score:.4f}", f"{trial.seconds:.1f}")
        drawn.add_row(*cells, escape(label(search, trial)))
    return drawn


def label(search: Search, trial: Trial) -> str:
    """The settings of a trial that are not the configuration's own, by the ends of their keys."""
    ends = [parameter.key.rpartition(".")[2] for parameter in search.parameters]
    changes = [
        f"{parameter.key if ends.count(end) > 1 else end}={shown(trial.settings[parameter.key])}"
        for parameter, end in zip(search.parameters, ends, strict=True)
        if trial.settings[parameter.key] != parameter.present
    ]
    return " ".join(changes) or "as it stands"


def _title(trials: Sequence[Trial]) -> str:
    states = [trial.state for trial in trials]
    counts = (f"{states.count(s)} {s}" for s in ("complete", "pruned", "failed") if s in states)
    return f"{len(trials)} trials: {', '.join(counts)}; the best by the validation events"


def outcome(search: Search, trials: Sequence[Trial]) -> str:
    """Whether the search has found anything, in a sentence."""
    best, present = best_trial(trials), trials[0]
    if best.number == 0:
        return f"No trial is better than the configuration as it stands ({present.score:.4f})."
    return (
        f"Trial {best.number} has the best {search.metric}, {best.score:.4f}: "
        f"{best.score - present.score:.4f} above the configuration as it stands (trial 0)."
    )


def shown(value: Any) -> str:
    """A setting as tables show it."""
    return value if isinstance(value, str) else json.dumps(value)
