"""`tfrs verify` and `tfrs inspect`."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from exports.runs import find_bundle

if TYPE_CHECKING:
    from exports.verification.check import Check
    from exports.verification.limits import Limits
    from exports.verification.summary import ModelSummary, Summary

_SHOWN_OPERATIONS = 5

_artifacts = click.option(
    "--artifacts", default="artifacts", show_default=True, help="Folder of the runs."
)


@click.command()
@click.argument("run")
@click.option("--static", is_flag=True, help="Only read; load nothing.")
@click.option("--limit-bytes", type=click.IntRange(1), help="Of one tensor; 8 GiB by default.")
@click.option("--memory-bytes", type=click.IntRange(1), help="Of the process that loads.")
@click.option(
    "--timeout", default=600, show_default=True, type=click.IntRange(1), help="Seconds to load."
)
@_artifacts
def verify(
    run: str,
    static: bool,
    limit_bytes: int | None,
    memory_bytes: int | None,
    timeout: int,
    artifacts: str,
) -> None:
    """Check the bundle RUN (a bundle, or a run's folder or name) before it is served.

    Prints one line for each check that it passed, and ends with 66 at the first fault.
    """
    from exports.verification.sizes import LIMIT_BYTES
    from exports.verification.static import static_checks

    bundle = find_bundle(run, Path(artifacts))
    _print_checks(static_checks(bundle, limit_bytes or LIMIT_BYTES))
    if not static:
        _print_checks(_opened(bundle, _limits(bundle, memory_bytes, timeout)))
    click.echo(f"{bundle} is sound")


@click.command()
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_artifacts
def inspect(run: str, as_json: bool, artifacts: str) -> None:
    """Describe the bundle RUN (a bundle, or a run's folder or name) without loading it."""
    from exports.verification.summary import summarise

    summary = summarise(find_bundle(run, Path(artifacts)))
    if as_json:
        click.echo(json.dumps(_as_json(summary), indent=2))
    else:
        _print_summary(summary)


def _opened(bundle: Path, limits: "Limits") -> Iterator["Check"]:
    from exports.verification.isolated import isolated_checks

    yield from isolated_checks(bundle, limits)


def _limits(bundle: Path, memory_bytes: int | None, timeout: int) -> "Limits":
    from exports.manifest import bytes_on_disk
    from exports.verification.limits import Limits

    limits = Limits.of(bytes_on_disk(bundle), timeout)
    return (
        limits if memory_bytes is None else dataclasses.replace(limits, memory_bytes=memory_bytes)
    )


def _print_checks(checks: Iterator["Check"]) -> None:
    for check in checks:
        click.echo(f"ok  {check.name}: {check.found}")


def _as_json(summary: "Summary") -> dict[str, Any]:
    models = {name: dataclasses.asdict(model) for name, model in summary.models.items()}
    manifest = summary.manifest.model_dump(mode="json", exclude={"files"})
    return {**manifest, "parts": dict(summary.parts), "models": models}


def _print_summary(summary: "Summary") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    console = Console()
    facts = Table("", Column(escape(summary.manifest.model_name), overflow="fold"))
    for name, value in _facts(summary):
        facts.add_row(name, escape(value))
    parts = Table("part", "bytes")
    for part, size in summary.parts.items():
        parts.add_row(escape(part), f"{size:,}")
    console.print(facts)
    console.print(parts)
    for name, model in summary.models.items():
        console.print(_model_table(name, model))


def _facts(summary: "Summary") -> Iterator[tuple[str, str]]:
    manifest, rows = summary.manifest, summary.manifest.rows
    yield "created", manifest.created
    yield "data window", " to ".join(manifest.data_window)
    yield "versions", ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    yield "index", f"{manifest.index}, recall {manifest.index_recall:.4f}"
    yield "candidates", str(manifest.candidates)
    yield "re-ranking", ", ".join(step.type for step in manifest.reranking.steps) or "none"
    yield "rows", f"{rows.users:,} users, {rows.items:,} items, {rows.events:,} events"
    yield "configuration", manifest.config_fingerprint
    yield "dataset", manifest.dataset_fingerprint
    yield "schema", manifest.schema_fingerprint
    yield "parents", ", ".join(manifest.parents) or "none"


def _model_table(name: str, model: "ModelSummary") -> Any:
    from rich.markup import escape
    from rich.table import Table

    frequent = list(model.operations.items())[:_SHOWN_OPERATIONS]
    listed = ", ".join(f"{op} {count}" for op, count in frequent)
    total = f"{sum(model.operations.values()):,} operations of {len(model.operations)} kinds"
    table = Table(
        "signature", "", "name", "type", title=f"model {name}", caption=f"{total}: {listed}"
    )
    for signature, tensors in model.signatures.items():
        for direction, named in (("in", tensors.inputs), ("out", tensors.outputs)):
            for tensor, kind in named.items():
                table.add_row(signature, direction, escape(tensor), escape(str(kind)))
    return table
