"""The command that writes a simulated world without preparing it."""

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--config", "source", default="demo", show_default=True, help="Preset or path.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a setting.")
@click.option("--truth", is_flag=True, help="Also write the true probabilities and vectors.")
def simulate(folder: Path, source: str, overrides: tuple[str, ...], truth: bool) -> None:
    """Write the simulated world of a config into FOLDER as Parquet files."""
    from configs.errors import ConfigError
    from configs.load import load_config
    from tfrs_models.data.simulation.files import write_truth, write_world
    from tfrs_models.data.simulation.options import Options
    from tfrs_models.data.simulation.world import build_world

    config = load_config(source, overrides)
    options = config.data.source_options
    if not isinstance(options, Options):
        raise ConfigError(
            f"`data.source` must be `simulated` to simulate, received `{config.data.source}`. "
            "Add `--set data.source=simulated` or choose another `--config`."
        )
    world = build_world(options, config.seed)
    events = write_world(world, folder)
    if truth:
        write_truth(world, folder)
    click.echo(f"{events:,} events in {folder}")
