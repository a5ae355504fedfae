"""Our ranking model beside Keras' and scikit-learn's on public data, by what all say of test rows.

    python benchmarks/ranking.py --data adult --folder adult/ --seeds 0 1 2
    python benchmarks/ranking.py --data census_income --folder census/
    python benchmarks/ranking.py --data movielens --folder ml-100k/ --only ridge boosted_trees

All see the same columns of the same training rows; each takes its validation rows from these.
Seconds go from the tables to the predictions of all tasks. Ratings are cut to the range of the
training ratings. The table has means over the seeds and their standard deviation; the last line
is JSON.
"""

import argparse
import importlib
import importlib.util
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
from keras_wide_deep import train_keras
from ranking_data import READERS
from ranking_features import encode, fit_features
from ranking_rivals import RIVALS, Outcome, Rival
from ranking_table import Kind, RankingData
from rich.console import Console
from rich.table import Table

from configs.load import load_config
from configs.run import RunConfig
from tfrs_models.metrics.auc import auc
from tfrs_models.metrics.pointwise import log_loss, mae, rmse
from tfrs_models.metrics.reliability import ece

METRICS: Mapping[Kind, Mapping[str, Callable[..., float]]] = {
    "binary": {"auc": auc, "log_loss": log_loss, "ece": ece},
    "rating": {"rmse": rmse, "mae": mae},
}
OURS = "ranking_ours"
"""The module whose `train_and_predict` is ours; without it the rivals are alone.

`train_and_predict(spec, train, labels, test, config, seed)` takes the spec of the features, the
encoded rows of both parts, the labels by task, a `RunConfig` and a seed, and returns predictions
by task, float [N] of the test rows, and the seconds of training and predicting.
"""

Measures = dict[str, float]


def main() -> None:
    """Train every contestant with every seed and print."""
    arguments = _arguments()
    found: dict[str, list[Measures]] = {}
    for seed in arguments.seeds:
        data = READERS[arguments.data](arguments.folder, seed)
        for name, contestant in entered(arguments, data.kind).items():
            found.setdefault(name, []).append(measure(data, contestant(data, seed)))
            print(f"seed {seed}, {name}: {found[name][-1]}", flush=True)
    rows = summary(found)
    Console().print(table(arguments.data, rows))
    asked = {name: getattr(arguments, name) for name in ("data", "seeds", "epochs", "set")}
    print(json.dumps({**asked, "cpus": os.cpu_count(), "rows": rows}))


def entered(arguments: argparse.Namespace, kind: Kind) -> dict[str, Rival]:
    """The contestants that are asked for, by name."""
    found: dict[str, Rival] = {**RIVALS[kind], "keras_wide_deep": partial(keras, arguments.epochs)}
    if importlib.util.find_spec(OURS):
        found["ours"] = partial(ours, load_config(arguments.preset, arguments.set))
    if wrong := sorted(set(arguments.only or ()) - set(found)):
        raise SystemExit(f"--only: no {', '.join(wrong)}; choose among {', '.join(found)}")
    return {name: found[name] for name in arguments.only or found}


def keras(epochs: int, data: RankingData, seed: int) -> Outcome:
    """Keras' Wide & Deep model."""
    return train_keras(data, epochs, seed).outcome


def ours(config: RunConfig, data: RankingData, seed: int) -> Outcome:
    """Our model, with the time of fitting and encoding the features."""
    train_and_predict = importlib.import_module(OURS).train_and_predict
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        spec = fit_features(data.train, data.crosses, Path(folder) / "features")
        train, test = encode(spec, data.train), encode(spec, data.test)
        encoding = time.perf_counter() - start
        predictions, seconds = train_and_predict(spec, train, data.train.labels, test, config, seed)
    return Outcome(predictions, encoding + seconds)


def measure(data: RankingData, outcome: Outcome) -> Measures:
    """Metrics of the test rows as `TASK.METRIC`, and seconds."""
    found = {}
    for task, labels in data.test.labels.items():
        known = data.train.labels[task]
        # Probabilities lie between 0 and 1 anyway.
        predictions = np.clip(outcome.predictions[task], known.min(), known.max())
        for name, metric in METRICS[data.kind].items():
            found[f"{task}.{name}"] = round(metric(predictions, labels), 5)
    return {**found, "seconds": round(outcome.seconds, 2)}


def summary(found: Mapping[str, Sequence[Measures]]) -> dict[str, dict[str, tuple[float, float]]]:
    """Mean and standard deviation over the seeds, 0 of one, by contestant and metric."""
    return {
        name: {metric: _spread([one[metric] for one in measures]) for metric in measures[0]}
        for name, measures in found.items()
    }


def _spread(values: Sequence[float]) -> tuple[float, float]:
    return round(fmean(values), 5), round(stdev(values), 5) if len(values) > 1 else 0.0


def table(data: str, rows: Mapping[str, Mapping[str, tuple[float, float]]]) -> Table:
    """A row for each contestant."""
    shown = Table("model", *next(iter(rows.values())), title=data)
    for name, metrics in rows.items():
        figures = [_figure(*item) for item in metrics.items()]
        shown.add_row(name, *figures, style="bold" if name == "ours" else None)
    return shown


def _figure(name: str, spread: tuple[float, float]) -> str:
    digits = 1 if name == "seconds" else 4
    return " \u00b1 ".join(f"{value:.{digits}f}" for value in spread)


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", choices=READERS, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="of the published files")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--only", nargs="+", metavar="MODEL", help="these models; all without it")
    parser.add_argument("--epochs", type=int, default=5, help="of Keras' model, at least 2")
    parser.add_argument("--preset", default="reference", help="of ours")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of ours")
    return parser.parse_args()


if __name__ == "__main__":
    main()
