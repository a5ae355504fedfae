"""`tfrs data`: prepare a dataset and describe it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from configs.options import config_options
from tfrs_models.data.simulation.commands import simulate

if TYPE_CHECKING:
    from configs.run import RunConfig
    from tfrs_models.data.dataset import PreparedDataset

artifacts_option = click.option(
    "--artifacts",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("artifacts"),
    show_default=True,
    help="Folder of everything that runs produce.",
)


@click.group()
def data() -> None:
    """Prepare and describe data."""


@data.command()
@config_options
@artifacts_option
def prepare(config: "RunConfig", artifacts: Path) -> None:
    """Validate, split and number the data; a dataset that is there already is used again."""
    dataset = _prepare(config, artifacts)
    click.echo(f"{len(dataset.events):,} events in {dataset.folder}")


@data.command()
@config_options
@artifacts_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def describe(config: "RunConfig", artifacts: Path, as_json: bool) -> None:
    """Prepare the data if need be, and show what they hold."""
    from tfrs_models.data.describe import describe as figures_of

    figures = figures_of(_prepare(config, artifacts))
    if as_json:
        import json

        click.echo(json.dumps(figures, indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    from tfrs_models.data.tell import tell

    tell(figures, Console())


data.add_command(simulate)


def _prepare(config: "RunConfig", artifacts: Path) -> "PreparedDataset":
    from tfrs_models.data.prepare import prepare as prepare_data

    return prepare_data(config.data, config.seed, artifacts / "datasets")
