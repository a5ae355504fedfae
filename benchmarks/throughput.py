"""Examples/s of our retrieval training against the TFRS tutorials' loop, and its share of a matmul.

    python benchmarks/throughput.py --data gowalla
    python benchmarks/throughput.py --scale 0.1 --rounds 3

An example is one positive that is learned from; of ours, the positives of a window share one query.
Ours is the preset at `--dim`, trained by `train_retrieval`: one figure is one compiled call of
`--steps` steps, as the loop reports it. The tutorial's figure is one epoch of `Model.fit` over
`--examples` examples whose batches are cached.
Every contestant has a process of its own, which waits while another is measured; each warms up
first, then rounds alternate. Medians are reported.

`matmul_share` is the rate at which our loop does the arithmetic of its score matrices, over the
best rate of a float32 matmul of 2048 x 2048 matrices. What is counted: the scores of all queries
for all distinct negatives, forward and for both gradients (`score_flops`). Gathers, towers, the
targets' own scores, the loss and the optimizer count as time, not as work. The last line is JSON.
"""

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from retrieval_data import add_arguments, data_name, event_settings
from retrieval_runs import (
    Listener,
    flops_per_example,
    open_material,
    training_pairs,
)
from tutorial import names, new_tutorial, tutorial_batches

from configs.load import load_config
from configs.run import RunConfig
from tfrs_models.backend import tf
from trainers.retrieval import train_retrieval
from trainers.run import make_deterministic

Report = Callable[[float], None]
"""Hands over a figure; returns when the next one is wanted."""
Contestant = Callable[[Report], None]

MATRIX = 2048
_ENDLESS = 1_000_000


def ours(config: RunConfig, work: Path, report: Report) -> None:
    """Examples/s of each compiled call."""
    make_deterministic(config.seed)
    material = open_material(config, work)
    train_retrieval(material, work / "ours", Listener(work / "ours", report))


def tutorial(
    config: RunConfig, work: Path, examples: int, batch_size: int, optimizer: str, report: Report
) -> None:
    """Examples/s of each epoch over the same examples; the model knows all ids."""
    users, items = map(names, training_pairs(open_material(config, work).dataset))
    model = new_tutorial(users, items, config.retrieval.embedding_dim, optimizer)
    chosen = np.random.default_rng(config.seed).permutation(len(users))[:examples]
    batches = tutorial_batches(users[chosen], items[chosen], batch_size)
    while True:
        start = time.perf_counter()
        model.fit(batches, verbose=0)
        report(len(chosen) / (time.perf_counter() - start))


def matmul(report: Report) -> None:
    """GFlop/s of the best of ten products."""
    matrix = tf.random.normal([MATRIX, MATRIX])
    while True:
        report(2e-9 * MATRIX**3 / min(_seconds(matrix) for _ in range(10)))


def _seconds(matrix: Any) -> float:
    start = time.perf_counter()
    tf.matmul(matrix, matrix).numpy()
    return time.perf_counter() - start


def contestants(
    arguments: argparse.Namespace, config: RunConfig, work: Path
) -> dict[str, Contestant]:
    """Every contestant by name."""
    rival = partial(tutorial, config, work, arguments.examples)
    return {
        "ours": partial(ours, config, work),
        "tutorial_8192": partial(rival, 8192, "adagrad"),
        "tutorial_1024": partial(rival, 1024, "adagrad"),
        "adam_1024": partial(rival, 1024, "adam"),
        "matmul_gflops": matmul,
    }


def contest(entered: Mapping[str, Contestant], rounds: int) -> dict[str, list[float]]:
    """Figures of each contestant, one a round; what the warm-up reports is dropped."""
    pipes = {name: _started(contestant) for name, contestant in entered.items()}
    found: dict[str, list[float]] = {name: [] for name in entered}
    for number in range(rounds):
        for name, pipe in pipes.items():
            pipe.send(True)
            found[name].append(pipe.recv())
            print(f"round {number}, {name}: {found[name][-1]:,.0f}", flush=True)
    for pipe in pipes.values():
        pipe.send(False)
    for child in multiprocessing.active_children():
        child.join()
    return found


def _started(contestant: Contestant) -> Connection:
    """The pipe to a new process that has warmed up and waits."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    context.Process(target=_enter, args=(contestant, there), daemon=True).start()
    there.close()  # so that reading ends with an error when the process does
    here.recv()
    return here


def _enter(contestant: Contestant, pipe: Connection) -> None:
    def report(figure: float) -> None:
        pipe.send(figure)
        if not pipe.recv():
            raise SystemExit

    contestant(report)


def summary(found: Mapping[str, list[float]], flops: float) -> dict[str, Any]:
    """Medians, our ratio to each rival, and the share of the matmul rate.

    Args:
        found: figures of each contestant, `ours` and `matmul_gflops` among them.
        flops: floating-point operations of an example of ours.
    """
    middle = {name: median(figures) for name, figures in found.items()}
    own, best = middle["ours"], max(found["matmul_gflops"])
    return {
        "medians": {name: round(figure, 1) for name, figure in middle.items()},
        "ratio_to_tutorial_8192": round(own / middle["tutorial_8192"], 2),
        "ratio_to_tutorial_1024": round(own / middle["tutorial_1024"], 2),
        "ratio_to_adam": round(own / middle["adam_1024"], 2),
        "flops_per_example": round(flops),
        "matmul_share": round(own * flops * 1e-9 / best, 4),
    }


def main() -> None:
    """Prepare the data once, hold the contest, print."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        config = load_config(arguments.preset, _settings(arguments, work))
        flops = flops_per_example(open_material(config, work))
        found = contest(contestants(arguments, config, work), arguments.rounds)
    asked = {name: getattr(arguments, name) for name in ("preset", "set", "dim", "rounds")}
    data = data_name(arguments)
    print(json.dumps({"data": data, **asked, "cpus": os.cpu_count(), **summary(found, flops)}))


def _settings(arguments: argparse.Namespace, work: Path) -> list[str]:
    """Calls of `--steps` steps without end; nothing is evaluated or saved between them."""
    training = {
        "epochs": _ENDLESS,
        "evaluate_every_epochs": _ENDLESS,
        "checkpoint_seconds": _ENDLESS,
        "steps_per_call": arguments.steps,
    }
    return [
        *event_settings(arguments, work),
        f"retrieval.embedding_dim={arguments.dim}",
        *(f"retrieval.training.{name}={value}" for name, value in training.items()),
        *arguments.set,
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    add_arguments(parser)
    parser.add_argument("--preset", default="gowalla")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=100, help="of one measured call of ours")
    parser.add_argument("--examples", type=int, default=65_536, help="of a tutorial's epoch")
    return parser.parse_args()


if __name__ == "__main__":
    main()
