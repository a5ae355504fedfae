"""Recall@20 of the test part over seconds of training: ours, the TFRS tutorial, iALS and BPR.

    python benchmarks/time_to_quality.py --data gowalla --picture curves.png
    python benchmarks/time_to_quality.py --scale 0.1 --dim 64

All learn from the whole of train.txt with embeddings of one width, and are measured on all test
users by one exact search without the items of train.txt. The test part draws curves here and
chooses nothing: the settings of iALS and BPR were found by hand on a simulated set, those of the
tutorial are its own. Each trains in a process of its own, with nothing beside it.

Seconds count from before the model is built until the point is measured: initial values, tracing
and, of ours, checkpoints are in them; reading the data and measuring are not. Ours has a point
before the first step and one after each epoch, the others one after each epoch or iteration.

The last line is JSON. `time_ratios` are our seconds to a recall over the rival's seconds to it, for
the recall of the rival's last point and for its best; null where ours has no such point.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from children import in_child
from curves import Curve, draw, final, table, time_ratios
from quality_systems import Rival, bpr, ials, ours, run_rival, tutorial
from retrieval_data import add_arguments, data_name, event_settings
from retrieval_runs import open_material
from rich.console import Console

from configs.load import load_config
from configs.run import RunConfig


def run_all(arguments: argparse.Namespace, config: RunConfig, work: Path) -> dict[str, Curve]:
    """The curves of every system, trained one after the other."""
    rivals: Mapping[str, tuple[Rival, int]] = {
        "tutorial": (tutorial, arguments.tutorial_epochs),
        "ials": (ials, arguments.ials_iterations),
        "bpr": (bpr, arguments.bpr_iterations),
    }
    curves = {"ours": in_child(ours, config, work)}
    for name, (rival, passes) in rivals.items():
        print(f"training {name}, {passes} passes", flush=True)
        curves[name] = in_child(run_rival, rival, config, work, passes)
    return curves


def main() -> None:
    """Prepare the data once, train every system, print."""
    arguments = _arguments()
    check_installed()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        config = load_config(arguments.preset, _settings(arguments, work))
        open_material(config, work)
        curves = run_all(arguments, config, work)
    title = f"{data_name(arguments)}, {config.retrieval.embedding_dim} dimensions"
    Console().print(table(curves, title))
    if arguments.picture:
        draw(curves, title, arguments.picture)
    print(json.dumps({**_asked(arguments), "cpus": os.cpu_count(), **_report(curves)}))


def check_installed() -> None:
    """Check for the libraries that only this benchmark needs.

    Raises:
        SystemExit: one is missing.
    """
    missing = [name for name in ("implicit", "matplotlib") if find_spec(name) is None]
    if missing:
        raise SystemExit(
            f"{' and '.join(missing)} must be installed for this benchmark: install the extra `dev`"
        )


def _report(curves: Mapping[str, Curve]) -> dict[str, Any]:
    finals = {name: final(curve) for name, curve in curves.items()}
    return {"final": finals, "time_ratios": time_ratios(curves), "curves": curves}


def _asked(arguments: argparse.Namespace) -> dict[str, Any]:
    asked = {name: getattr(arguments, name) for name in ("preset", "set", "dim", "seed")}
    return {"data": data_name(arguments), **asked}


def _settings(arguments: argparse.Namespace, work: Path) -> list[str]:
    width = [f"retrieval.embedding_dim={arguments.dim}"] if arguments.dim else []
    seed = f"seed={arguments.seed}"
    return [*event_settings(arguments, work), seed, *width, *arguments.set]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    add_arguments(parser)
    parser.add_argument("--preset", default="gowalla")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--dim", type=int, help="of all systems; the preset's by default")
    parser.add_argument("--tutorial-epochs", type=int, default=20)
    parser.add_argument("--ials-iterations", type=int, default=15)
    parser.add_argument("--bpr-iterations", type=int, default=40)
    parser.add_argument("--picture", type=Path, help="write the curves to this PNG file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
