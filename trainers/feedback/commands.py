"""`tfrs feedback`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from configs.load import load_config

if TYPE_CHECKING:
    from trainers.feedback.panel import GroupBy

_POLICIES = "most_popular,two_tower,two_tower+0.1,random,oracle"


@click.command()
@click.option("--config", "source", default="feedback", show_default=True, help="Preset or path.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one setting.")
@click.option("--artifacts", type=click.Path(path_type=Path), default=Path("artifacts"))
@click.option(
    "--policies", "names", default=_POLICIES, show_default=True,
    help="Baselines, two_tower, random, oracle; NAME+0.1 fills a tenth of the slots at random.",
)  # fmt: skip
@click.option("--rounds", type=click.IntRange(1, 9999), default=20, show_default=True)
@click.option(
    "--users", type=click.IntRange(min=3), default=500, show_default=True,
    help="People who come in every round, at most.",
)  # fmt: skip
@click.option(
    "--k", type=click.IntRange(min=1), default=10, show_default=True, help="Length of the lists."
)
@click.option(
    "--epochs", type=click.IntRange(min=1), default=5, show_default=True,
    help="Passes of each retrieval training, at most.",
)  # fmt: skip
@click.option(
    "--group-by", "by", type=click.Choice(["age_group", "country"]), default="age_group",
    show_default=True, help="Groups of users, beside those by activity.",
)  # fmt: skip
def feedback(
    source: str,
    overrides: Sequence[str],
    artifacts: Path,
    names: str,
    rounds: int,
    users: int,
    k: int,
    epochs: int,
    by: "GroupBy",
) -> None:
    """Let policies learn from what they show, round after round, in a simulated shop.

    Run it again after an interruption: it goes on where it stopped.
    """
    from trainers.feedback.policies import parse_policies

    config, policies = load_config(source, overrides), parse_policies(names)
    from rich.console import Console

    from trainers.feedback.experiment import Size
    from trainers.feedback.plot import PLOT
    from trainers.feedback.report import CSV, table
    from trainers.feedback.run import compare

    console = Console()
    size = Size(users, k, epochs)
    folder, measures = compare(config, policies, rounds, size, by, artifacts, console)
    console.print(table(measures))
    click.echo(f"Measures: {folder / CSV}")
    click.echo(f"Picture:  {folder / PLOT}")
