"""`tfrs train`, `tfrs evaluate` and `tfrs export`."""

from collections.abc import Sequence
from pathlib import Path

import click

from configs.load import load_config


@click.command()
@click.option("--config", "source", default="demo", show_default=True, help="Preset or path.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one setting.")
@click.option("--artifacts", type=click.Path(path_type=Path), default=Path("artifacts"))
def train(source: str, overrides: Sequence[str], artifacts: Path) -> None:
    """Prepare the data, train both stages, compare them with baselines, export the bundle.

    Run it again after an interruption: it goes on where it stopped.
    """
    config = load_config(source, overrides)
    from rich.console import Console

    from tfrs_models.evaluation.table import cold_start_table, table
    from trainers.run import run

    console = Console()
    outcome = run(config, artifacts, console)
    console.print(table(outcome.results), cold_start_table(outcome.results))
    click.echo(f"Metrics: {outcome.folder / 'metrics.json'}")
    click.echo(f"Report:  {outcome.folder / 'report.html'}")
    click.echo(f"Bundle:  {outcome.bundle}")
    click.echo(f"Next:    tfrs recommend {outcome.folder} --user ID --k 10")


@click.command()
@click.argument("run")
@click.option("--artifacts", type=click.Path(path_type=Path), default=Path("artifacts"))
def evaluate(run: str, artifacts: Path) -> None:
    """Measure the models of a finished RUN again, beside every baseline."""
    from rich.console import Console

    from exports.runs import find_run
    from tfrs_models.evaluation.table import cold_start_table, table
    from trainers.evaluation import EXPORT, measured
    from trainers.folders import CONFIG, check_done, load_run_config, locked
    from trainers.run import train as trained_run

    folder = find_run(artifacts, run, CONFIG)
    console = Console()
    with locked(folder):
        check_done(folder / EXPORT)
        trained = trained_run(load_run_config(folder), artifacts, folder, console)
        found, _ = measured(trained, folder)
    console.print(table(found.results), cold_start_table(found.results))
    click.echo(f"Metrics: {folder / 'metrics.json'}")
    click.echo(f"Report:  {folder / 'report.html'}")


@click.command()
@click.argument("run")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change one setting of `export`, `reranking` or `ranking.score`.",
)
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Instead of the run's bundle.",
)
@click.option("--artifacts", type=click.Path(path_type=Path), default=Path("artifacts"))
def export(run: str, overrides: Sequence[str], to: Path | None, artifacts: Path) -> None:
    """Write the bundle of a finished RUN again, perhaps with other settings; nothing is trained."""
    from rich.console import Console

    from exports.runs import find_run
    from trainers.export import export_run
    from trainers.folders import CONFIG

    folder = find_run(artifacts, run, CONFIG)
    bundle = export_run(folder, overrides, to, artifacts, Console())
    click.echo(f"Bundle:  {bundle}")
