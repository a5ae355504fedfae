"""`tfrs publish`, `promote`, `rollback`, `versions` and `fetch`."""

import dataclasses
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from exports.publishing.listing import Listed
    from exports.publishing.publishers import Publisher


class _Base(click.Path):
    """A folder as a path, or the address of an object store as a text."""

    def convert(
        self,
        value: str,  # type: ignore[override]
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Path | str:
        if "://" in value:
            return value.rstrip("/")
        return Path(os.fsdecode(super().convert(value, param, ctx)))


_FOLDER = click.Path(path_type=Path, file_okay=False)
_BASE = _Base(file_okay=False)

_base = click.argument("base", type=_BASE)
_name = click.argument("name", required=False)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_keep = click.option("--keep", default=5, show_default=True, help="Newest versions to keep.")
_serving_path = click.option(
    "--serving-path", metavar="PATH", help="The base as TensorFlow Serving sees it."
)


@click.command()
@click.argument("run")
@click.option("--to", "base", type=_BASE, required=True, help="Folder of models, or s3://...")
@click.option("--name", help="Name of the model instead of the run's.")
@click.option("--canary", is_flag=True, help="On trial beside the stable version.")
@_keep
@click.option("--artifacts", type=_FOLDER, default=Path("artifacts"), help="Folder of the runs.")
@_serving_path
def publish(
    run: str,
    base: Path | str,
    name: str | None,
    canary: bool,
    keep: int,
    artifacts: Path,
    serving_path: str | None,
) -> None:
    """Publish RUN, a bundle or a run's folder or name, as the next version."""
    from exports.manifest import read_manifest
    from exports.publishing.publishers import publisher
    from exports.runs import find_bundle

    to = publisher(base, serving_path)
    bundle = find_bundle(run, artifacts)
    name = read_manifest(bundle).model_name if name is None else name
    version = to.publish(bundle, name=name, canary=canary, keep=keep)
    state = "stable" if to.ledger(name).stable == version else "canary"
    click.echo(f"{base}/{name}/{version} is {state}")


@click.command()
@_base
@_name
@_serving_path
def promote(base: Path | str, name: str | None, serving_path: str | None) -> None:
    """Make the canary of the model NAME under BASE stable."""
    from exports.publishing.publishers import publisher

    at = publisher(base, serving_path)
    name = _named(at, base, name)
    click.echo(f"{base}/{name}/{at.promote(name)} is stable")


@click.command()
@_base
@_name
@click.option("--to", type=int, metavar="VERSION", help="Instead of the one before.")
@_serving_path
def rollback(base: Path | str, name: str | None, to: int | None, serving_path: str | None) -> None:
    """Make an earlier version of the model NAME under BASE stable again."""
    from exports.publishing.publishers import publisher

    at = publisher(base, serving_path)
    name = _named(at, base, name)
    click.echo(f"{base}/{name}/{at.rollback(name, to)} is stable")


@click.command()
@_base
@_name
@_json
def versions(base: Path | str, name: str | None, as_json: bool) -> None:
    """List what is published under BASE, of all models or of NAME."""
    from exports.publishing.publishers import publisher

    found = publisher(base).listed(name)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(one) for one in found], indent=2))
    else:
        _print(found)


@click.command()
@click.argument("url")
@_name
@click.option("--to", "base", type=_FOLDER, required=True, help="Local folder of models.")
@_keep
@_serving_path
def fetch(url: str, name: str | None, base: Path, keep: int, serving_path: str | None) -> None:
    """Make the stable version of NAME at URL, in an object store, stable in a local folder."""
    from exports.publishing.fetching import fetch
    from exports.publishing.layout import only_name
    from exports.publishing.object_store import open_store
    from exports.publishing.stored import model_names

    store = open_store(url)
    name = only_name(model_names(store), url) if name is None else name
    version = fetch(store, name, base, keep=keep, serving_path=serving_path)
    click.echo(f"{base / name / str(version)} is stable")


def _named(at: "Publisher", base: Path | str, name: str | None) -> str:
    from exports.publishing.layout import only_name

    return only_name(at.names(), base) if name is None else name


def _print(found: Sequence["Listed"]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("model", "version", "state", "published", "in use", "MB")
    for one in found:
        used = "yes" if one.in_use else ""
        size = f"{one.bytes / 1e6:.1f}" if one.bytes else ""
        table.add_row(one.name, str(one.version), one.state, one.published, used, size)
    Console().print(table)
