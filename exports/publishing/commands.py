"""`tfrs publish`, `promote`, `rollback` and `versions`."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from exports.publishing.listing import Listed

_FOLDER = click.Path(path_type=Path, file_okay=False)

_base = click.argument("base", type=_FOLDER)
_name = click.argument("name", required=False)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_serving_path = click.option(
    "--serving-path", metavar="PATH", help="The base as TensorFlow Serving sees it."
)


@click.command()
@click.argument("run")
@click.option("--to", "base", type=_FOLDER, required=True, help="Folder of published models.")
@click.option("--name", help="Name of the model instead of the run's.")
@click.option("--canary", is_flag=True, help="On trial beside the stable version.")
@click.option("--keep", default=5, show_default=True, help="Newest versions to keep.")
@click.option("--artifacts", type=_FOLDER, default=Path("artifacts"), help="Folder of the runs.")
@_serving_path
def publish(
    run: str,
    base: Path,
    name: str | None,
    canary: bool,
    keep: int,
    artifacts: Path,
    serving_path: str | None,
) -> None:
    """Publish RUN, a bundle or a run's folder or name, as the next version."""
    from exports.manifest import read_manifest
    from exports.publishing import store
    from exports.publishing.ledger import read_ledger
    from exports.runs import find_bundle

    bundle = find_bundle(run, artifacts)
    name = read_manifest(bundle).model_name if name is None else name
    version = store.publish(bundle, base, name, canary=canary, keep=keep, serving_path=serving_path)
    stable = read_ledger(base / name).stable == version
    click.echo(f"{base / name / str(version)} is {'stable' if stable else 'canary'}")


@click.command()
@_base
@_name
@_serving_path
def promote(base: Path, name: str | None, serving_path: str | None) -> None:
    """Make the canary of the model NAME under BASE stable."""
    from exports.publishing import store
    from exports.publishing.layout import only_name

    name = only_name(base) if name is None else name
    version = store.promote(base, name, serving_path)
    click.echo(f"{base / name / str(version)} is stable")


@click.command()
@_base
@_name
@click.option("--to", type=int, metavar="VERSION", help="Instead of the one before.")
@_serving_path
def rollback(base: Path, name: str | None, to: int | None, serving_path: str | None) -> None:
    """Make an earlier version of the model NAME under BASE stable again."""
    from exports.publishing import store
    from exports.publishing.layout import only_name

    name = only_name(base) if name is None else name
    version = store.rollback(base, name, to, serving_path)
    click.echo(f"{base / name / str(version)} is stable")


@click.command()
@_base
@_name
@_json
def versions(base: Path, name: str | None, as_json: bool) -> None:
    """List what is published under BASE, of all models or of NAME."""
    from exports.publishing.listing import listed

    found = listed(base, name)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(one) for one in found], indent=2))
    else:
        _print(found)


def _print(found: Sequence["Listed"]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("model", "version", "state", "published", "in use", "MB")
    for one in found:
        used = "yes" if one.in_use else ""
        size = f"{one.bytes / 1e6:.1f}" if one.bytes else ""
        table.add_row(one.name, str(one.version), one.state, one.published, used, size)
    Console().print(table)
