"""`tfrs config`: show, check and explain configurations."""

import click

from configs.load import preset_names
from configs.options import config_options
from configs.run import RunConfig


@click.group()
def config() -> None:
    """Show and check configurations."""


@config.command()
@config_options
def show(config: RunConfig) -> None:
    """Print the resolved configuration: every setting, defaults included."""
    from configs.documents import dump

    click.echo(dump(config.model_dump(mode="json")), nl=False)


@config.command()
@config_options
def check(config: RunConfig) -> None:
    """Say whether a configuration is right, or list what is wrong."""
    click.echo(f"ok: the run `{config.name}`, data from `{config.data.source}`")


@config.command()
def reference() -> None:
    """Print every setting with its default and its meaning."""
    from configs import reference

    click.echo(reference.reference(), nl=False)


@config.command()
def presets() -> None:
    """List the presets that `--config` knows."""
    for name in preset_names():
        click.echo(name)
