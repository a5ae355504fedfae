"""`tfrs backtest`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from configs.options import config_options

if TYPE_CHECKING:
    from configs.run import RunConfig

_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.command()
@config_options
@click.option(
    "--policies", "names", default="never,weekly-full,daily-warm+weekly-full", show_default=True,
    help="never, EVERY-warm, EVERY-full, or two of them joined by +; the first is what the others "
    "are compared with. EVERY is hourly, daily, weekly, monthly, 12h or 3d.",
)  # fmt: skip
@click.option("--every", default="1d", show_default=True, help="Length of a step, as EVERY.")
@click.option("--steps", type=click.IntRange(1, 9999), help="How many.  [default: 14]")
@click.option("--start", type=_MOMENT, help="Where the first step begins, UTC.")
@click.option("--end", type=_MOMENT, help="Where the last one ends; by default with the events.")
@click.option(
    "--stage", type=click.Choice(["both", "retrieval"]), default="both", show_default=True,
    help="`retrieval` trains no ranker.",
)  # fmt: skip
@click.option(
    "--artifacts", type=click.Path(path_type=Path, file_okay=False), default=Path("artifacts")
)
def backtest(
    config: "RunConfig",
    names: str,
    every: str,
    steps: int | None,
    start: datetime | None,
    end: datetime | None,
    stage: str,
    artifacts: Path,
) -> None:
    """See what policies of retraining would have given, step by step through history.

    Run it again after an interruption: it goes on where it stopped.
    """
    from trainers.retraining.backtest.periods import parse_period
    from trainers.retraining.backtest.policies import parse_policies
    from trainers.retraining.backtest.steps import Asked

    length = parse_period(every, "--every")
    policies, asked = parse_policies(names, length), Asked(length, steps, start, end)
    from rich.console import Console

    from configs.load import changed
    from trainers.retraining.backtest.page import PAGE
    from trainers.retraining.backtest.report import JSON, write_report
    from trainers.retraining.backtest.run import backtest as run_backtest
    from trainers.retraining.backtest.table import table

    if stage == "retrieval":
        config = changed(config, {"ranking.enabled": False})
    console = Console()
    found = run_backtest(config, policies, asked, artifacts, console)
    summary = write_report(found)
    console.print(table(summary))
    click.echo(f"Measures: {found.folder / JSON}")
    click.echo(f"Report:   {found.folder / PAGE}")
