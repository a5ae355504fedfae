"""What each choice of the retrieval stage is worth: losses, negatives, encoders, and the rest.

    python benchmarks/ablation.py --preset ml_100k_stratified --split stratified --data ml-100k
    python benchmarks/ablation.py --preset online_retail --set data.files.events=PATH

Each row changes one thing of the preset and is trained with every seed. A row is the mean over the
seeds of the test metric, and the mean and standard deviation of its difference from the preset with
the same seed. Test figures are reported here and choose nothing. The last line is JSON.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from published import READERS, train_and_measure, write_events
from rich.console import Console
from rich.table import Table

from configs.load import load_config

LOSS, NEGATIVES, HISTORY = "retrieval.loss", "retrieval.negatives", "retrieval.history"
CHANGES: dict[str, Sequence[str]] = {
    "preset": (),
    "loss: softmax, standard correction": (
        f"{LOSS}={{type: softmax, options: {{correction: standard}}}}",
    ),
    "loss: softmax, no correction": (f"{LOSS}={{type: softmax, options: {{correction: none}}}}",),
    "loss: cosine_contrastive": (f"{LOSS}={{type: cosine_contrastive}}",),
    "loss: bpr": (f"{LOSS}={{type: bpr}}",),
    "loss: binary": (f"{LOSS}={{type: binary}}",),
    "negatives: all": (f"{NEGATIVES}={{type: all}}",),
    "negatives: uniform, 256": (f"{NEGATIVES}={{type: uniform, options: {{number: 256}}}}",),
    "negatives: popularity": (f"{NEGATIVES}={{type: popularity}}",),
    "negatives: in_batch": (f"{NEGATIVES}={{type: in_batch}}",),
    "negatives: mixed": (f"{NEGATIVES}={{type: mixed}}",),
    "negatives: cross_batch": (f"{NEGATIVES}={{type: cross_batch}}",),
    "negatives: hard": (f"{NEGATIVES}={{type: hard}}",),
    "history: recency": (f"{HISTORY}={{type: recency}}",),
    "history: attention": (f"{HISTORY}={{type: attention}}",),
    "history: multi_interest": (f"{HISTORY}={{type: multi_interest}}",),
    "history: transformer": (
        f"{HISTORY}={{type: transformer}}",
        "features.history.max_length=100",
        "retrieval.training.batch_size=32",
    ),
    "history: what came before": ("retrieval.history_sampling=past",),
    "history: none": ("features.history.max_length=0",),
    "start: random": ("retrieval.initialization=random",),
    "start: spectral, untrained": (
        "retrieval.training.learning_rate=1e-12",
        "retrieval.training.embedding_learning_rate=1e-12",
    ),
    "no popularity prior": ("retrieval.popularity_prior=0",),
    "learned temperature": ("retrieval.learned_temperature=true",),
    "half the width": ("retrieval.embedding_dim=HALF",),
}


def main() -> None:
    """Train every row with every seed; print the table."""
    arguments = _arguments()
    chosen = {n: c for n, c in CHANGES.items() if n == "preset" or arguments.only in n}
    found: dict[str, list[float]] = {name: [] for name in chosen}
    for seed in range(arguments.seeds):
        with tempfile.TemporaryDirectory() as work:
            for name, changes in chosen.items():
                found[name].append(measure(arguments, changes, seed, Path(work)))
                print(f"seed {seed}, {name}: {found[name][-1]:.4f}", flush=True)
    Console().print(table(arguments, found))
    print(json.dumps({**_asked(arguments), "cpus": os.cpu_count(), "results": found}))


def measure(arguments: argparse.Namespace, changes: Sequence[str], seed: int, work: Path) -> float:
    """The test metric of one row with one seed."""
    given = [f"seed={seed}", "ranking.enabled=false", "retrieval.refit=false", *arguments.set]
    if arguments.split:
        given += write_events(arguments.split, arguments.data, seed, work)
    half = str(load_config(arguments.preset, given).retrieval.embedding_dim // 2)
    given += [change.replace("HALF", half) for change in changes]
    config = load_config(arguments.preset, given)
    with tempfile.TemporaryDirectory(dir=work) as folder:
        silent = Console(quiet=True)
        return train_and_measure(config, Path(folder) / "run", work, silent)[arguments.metric]


def table(arguments: argparse.Namespace, found: dict[str, list[float]]) -> Table:
    """Mean, and difference from the preset with the same seed."""
    title = f"{arguments.preset}, {arguments.metric}, {arguments.seeds} seeds"
    shown = Table("change", "mean", "difference", "its standard deviation", title=title)
    preset = np.array(found["preset"])
    for name, values in found.items():
        difference = np.array(values) - preset
        spread = f"{difference.std(ddof=1):.4f}" if len(values) > 1 else ""
        shown.add_row(name, f"{np.mean(values):.4f}", f"{difference.mean():+.4f}", spread)
    return shown


def _asked(arguments: argparse.Namespace) -> dict[str, object]:
    return {name: getattr(arguments, name) for name in ("preset", "set", "metric", "seeds")}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--preset", required=True)
    parser.add_argument("--split", choices=READERS, help="read `--data` as published.py does")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--metric", default="ndcg@10")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="only rows whose name holds this")
    return parser.parse_args()


if __name__ == "__main__":
    main()
