"""Our ranking model beside Keras' and scikit-learn's on public data, by what all say of test rows.

    python benchmarks/ranking.py --data adult --folder adult/ --seeds 0 1 2
    python benchmarks/ranking.py --data census_income --folder census/
    python benchmarks/ranking.py --data movielens --folder ml-100k/ --only ridge boosted_trees
    python benchmarks/ranking.py --data online_retail --folder online-retail/

All see the same columns of the same training rows; each takes its validation rows from these.
Seconds go from the tables to the predictions of all tasks. Ratings are cut to the range of the
training ratings. Ours is the preset of the data in `ranking_presets/`; where it has several tasks,
`ours_single` is a model for each of them with the same settings. The table has means over the
seeds and their standard deviation; the last line is JSON.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
from keras_wide_deep import train_keras
from ranking_data import READERS
from ranking_features import encode, fit_features
from ranking_ours import train_and_predict
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
PRESETS = Path(__file__).parent / "ranking_presets"

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
    config = load_config(arguments.preset or str(PRESETS / f"{arguments.data}.yaml"), arguments.set)
    found["ours"] = partial(ours, config)
    if len(config.ranking.tasks) > 1:
        found["ours_single"] = partial(ours_single, config)
    if wrong := sorted(set(arguments.only or ()) - set(found)):
        raise SystemExit(f"--only: no {', '.join(wrong)}; choose among {', '.join(found)}")
    return {name: found[name] for name in arguments.only or found}


def keras(epochs: int, data: RankingData, seed: int) -> Outcome:
    """Keras' Wide & Deep model."""
    return train_keras(data, epochs, seed).outcome


def ours(config: RunConfig, data: RankingData, seed: int) -> Outcome:
    """Our model, with the time of fitting and encoding the features."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        spec = fit_features(data.train, data.crosses, Path(folder) / "features")
        train, test = encode(spec, data.train), encode(spec, data.test)
        encoding = time.perf_counter() - start
        predictions, seconds = train_and_predict(spec, train, data.train.labels, test, config, seed)
    return Outcome(predictions, encoding + seconds)


def ours_single(config: RunConfig, data: RankingData, seed: int) -> Outcome:
    """Our model with one task alone, for each task."""
    outcomes = [ours(*alone, seed) for alone in _single(config, data)]
    predictions = {task: one for found in outcomes for task, one in found.predictions.items()}
    return Outcome(predictions, sum(outcome.seconds for outcome in outcomes))


def _single(config: RunConfig, data: RankingData) -> Iterator[tuple[RunConfig, RankingData]]:
    for name, task in config.ranking.tasks.items():
        ranking = config.ranking.model_copy(update={"tasks": {name: task}})
        parts = (
            replace(part, labels={name: part.labels[name]}) for part in (data.train, data.test)
        )
        yield (
            config.model_copy(update={"ranking": ranking}),
            RankingData(*parts, data.kind, data.crosses),
        )


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
    parser.add_argument("--preset", help="of ours; that of the data without it")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of ours")
    return parser.parse_args()


if __name__ == "__main__":
    main()
