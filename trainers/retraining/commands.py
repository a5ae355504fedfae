"""`tfrs retrain`."""

import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from configs.options import config_options
from tfrs_models.cli import EXIT_INTERRUPTED

if TYPE_CHECKING:
    from configs.run import RunConfig

_END_SECONDS = 10.0
"""How long a run that was told to end may tidy up."""


@click.command()
@config_options
@click.option("--full", is_flag=True, help="Train from the beginning.")
@click.option("--trigger", default="schedule", show_default=True, help="Noted in the history.")
@click.option(
    "--artifacts", type=click.Path(path_type=Path, file_okay=False), default=Path("artifacts")
)
def retrain(config: "RunConfig", full: bool, trigger: str, artifacts: Path) -> int:
    """Learn what is new, and publish it where the gate lets it pass.

    Ends with 0 published, 10 trained but rejected, 11 nothing new, 12 another run is at work, 64
    wrong settings, 65 wrong data or drift, 66 a run that cannot go on, 73 the disk is full or
    fails, 75 interrupted: run it again.
    """
    from rich.console import Console

    from trainers.retraining.cycle import retrain as run_cycle

    signal.signal(signal.SIGTERM, _interrupt)
    ended = run_cycle(config, artifacts, Console(), trigger=trigger, full=full)
    done = f"version {ended.version} is published" if ended.version else "nothing is published"
    click.echo(f"{done}: {ended.reason}")
    return ended.exit_code


def _interrupt(*_: Any) -> None:
    """End as Ctrl-C does: checkpoints are whole, and the next run goes on.

    Python drops an exception that strikes while it deletes an object, as TensorFlow often does. So
    a thread ends the process where the exception has not; a run survives that at any moment.
    """
    last_resort = threading.Timer(_END_SECONDS, _end)
    last_resort.daemon = True
    last_resort.start()
    raise KeyboardInterrupt


def _end() -> None:
    click.echo("error: interrupted; run the same command again to go on", err=True)
    os._exit(EXIT_INTERRUPTED)
