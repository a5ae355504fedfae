"""`tfrs tune`."""

import importlib.util
import math
from collections.abc import Sequence
from pathlib import Path

import click

from configs.errors import EnvironmentFault
from configs.load import load_config
from configs.tune import load_tuning

_LIBRARY = "optuna"


@click.command()
@click.option("--config", "source", default="demo", show_default=True, help="Preset or path.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one setting.")
@click.option(
    "--space", type=click.Path(path_type=Path), required=True, help="YAML file of what to search."
)
@click.option("--artifacts", type=click.Path(path_type=Path), default=Path("artifacts"))
@click.option("--trials", type=click.IntRange(min=1), help="Trials in all, instead of the file's.")
@click.option(
    "--timeout", type=click.FloatRange(min=0), default=math.inf, metavar="SECONDS",
    help="Begin no trial after this time.",
)  # fmt: skip
@click.option("--new", is_flag=True, help="Remove the search that is there and begin again.")
def tune(
    source: str,
    overrides: Sequence[str],
    space: Path,
    artifacts: Path,
    trials: int | None,
    timeout: float,
    new: bool,
) -> None:
    """Search for settings of the retrieval stage that validate better.

    Run it again after an interruption: it goes on where it stopped.
    """
    check_installed()
    from trainers.tune.search import Search, forget, search_folder

    tuning = load_tuning(space)
    search = Search.of(source, load_config(source, overrides), tuning)
    from rich.console import Console

    from trainers.tune.report import BEST, outcome, table
    from trainers.tune.run import Limits, run_search

    folder = search_folder(artifacts, search.config)
    if new:
        forget(folder)
    console = Console()
    done = run_search(search, artifacts, Limits(trials or tuning.trials, timeout), console)
    console.print(table(search, done))
    click.echo(outcome(search, done))
    click.echo(f"Trials:  {folder}")
    click.echo(f"Next:    tfrs train --config {folder / BEST}")


def check_installed() -> None:
    """Check for the library of the extra `tune`.

    Raises:
        EnvironmentFault: it is missing.
    """
    if importlib.util.find_spec(_LIBRARY) is None:
        raise EnvironmentFault(
            f"`tfrs tune` needs {_LIBRARY}: install the extra with "
            '`pip install "tfrs-two-stage[tune]"`'
        )
