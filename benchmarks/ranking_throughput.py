"""Examples/s of our ranking training against Keras' Wide & Deep, on the same rows.

    python benchmarks/ranking_throughput.py --data adult --folder adult/
    python benchmarks/ranking_throughput.py --data census_income --folder census/ --rounds 3

Both have the rival's architecture: one feature for each column, its hidden layers, its width of
embeddings and the crosses of the data, Adam, and FTRL for the wide part. A figure is one compiled
call of ours, as the loop reports it, or one epoch of `Model.fit`, which looks texts up and crosses
them again each time. Every contestant has a process of its own, which waits while another is
measured; each warms up first, then rounds alternate. Medians are reported; the last line is JSON.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from keras_wide_deep import EMBEDDING_DIM, HIDDEN_UNITS, new_wide_deep, shuffled_batches
from ranking_data import READERS
from ranking_features import encode, fit_features
from ranking_ours import Training
from ranking_rows import Rows
from ranking_table import RankingData
from retrieval_runs import Listener
from throughput import Report, contest

from configs.ranking import RankingConfig
from configs.tasks import TaskConfig
from configs.training import TrainingConfig
from tfrs_models.features.spec import FeatureSpec

_ENDLESS = 1_000_000


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    entered: dict[str, Any] = {}
    for batch_size in arguments.batch_sizes:
        given = (arguments.data, arguments.folder, arguments.rows, batch_size)
        entered[f"ours_{batch_size}"] = partial(ours, *given)
        entered[f"keras_{batch_size}"] = partial(keras, *given)
    found = contest(entered, arguments.rounds)
    asked = {name: getattr(arguments, name) for name in ("data", "rows", "rounds")}
    print(json.dumps({**asked, "cpus": os.cpu_count(), **summary(found, arguments.batch_sizes)}))


def ours(data: str, folder: Path, rows: int, batch_size: int, report: Report) -> None:
    """Examples/s of each compiled call, each about one pass over the rows."""
    read = _rows(data, folder, rows)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        spec = as_columns(fit_features(read.train, read.crosses, work / "features"))
        encoded = Rows.of(spec, encode(spec, read.train))
        steps = max(1, len(encoded) // batch_size)
        training = Training(architecture(read, batch_size, steps), seed=0, folder=work)
        model = training.new(encoded)
        labels, watch = read.train.labels, Listener(work / "logs", report)
        training.fit(model, encoded, labels, training.config.training, lambda: 0.0, watch)


def as_columns(spec: FeatureSpec) -> FeatureSpec:
    """The features that the rival has too: one for each column, without buckets and logarithms."""
    features = tuple(feature for feature in spec.features if feature.name == feature.column)
    return replace(spec, features=features)


def architecture(data: RankingData, batch_size: int, steps: int) -> RankingConfig:
    """The rival's architecture in our settings, and a training that does not end."""
    return RankingConfig(
        tasks={task: TaskConfig() for task in data.train.labels},
        hidden_units=HIDDEN_UNITS,
        embedding_dim=EMBEDDING_DIM,
        dropout=0.0,
        training=TrainingConfig(
            batch_size=batch_size, epochs=_ENDLESS, patience=_ENDLESS, steps_per_call=steps
        ),
    )


def keras(data: str, folder: Path, rows: int, batch_size: int, report: Report) -> None:
    """Examples/s of each epoch of the rival."""
    read = _rows(data, folder, rows)
    model = new_wide_deep(read)
    batches = shuffled_batches(read.train, batch_size, seed=0)
    while True:
        start = time.perf_counter()
        model.fit(batches, verbose=0)
        report(len(read.train) / (time.perf_counter() - start))


def _rows(name: str, folder: Path, rows: int) -> RankingData:
    """A seeded sample of the training rows."""
    data = READERS[name](folder, 0)
    chosen = np.random.default_rng(0).permutation(len(data.train))[:rows]
    return RankingData(data.train.take(chosen), data.test, data.kind, data.crosses)


def summary(found: Mapping[str, Sequence[float]], batch_sizes: Sequence[int]) -> dict[str, Any]:
    """Medians, and our ratio to the rival at each batch size."""
    middle = {name: median(figures) for name, figures in found.items()}
    return {
        "medians": {name: round(figure, 1) for name, figure in middle.items()},
        **{
            f"ratio_at_{size}": round(middle[f"ours_{size}"] / middle[f"keras_{size}"], 2)
            for size in batch_sizes
        },
    }


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", choices=("adult", "census_income"), required=True)
    parser.add_argument("--folder", type=Path, required=True, help="of the published files")
    parser.add_argument("--rows", type=int, default=30_000, help="of the training part")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[256, 2048])
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
