"""`tfrs runs` and `tfrs run show`: what retraining did."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import sqlite3
    from contextlib import closing

    from trainers.retraining.ledger.runs import Run

name_argument = click.argument("name", required=False)
artifacts_option = click.option(
    "--artifacts",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("artifacts"),
    show_default=True,
    help="Folder that `tfrs retrain` writes to.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@name_argument
@artifacts_option
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@json_option
def runs(name: str | None, artifacts: Path, limit: int, as_json: bool) -> None:
    """List the last runs of retraining, newest first.

    NAME is the model; it may be left out where one is retrained.
    """
    from trainers.retraining.ledger.runs import latest

    with opened_ledger(artifacts, name) as connection:
        found = latest(connection, limit)
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        _print_table(found)


@click.group()
def run() -> None:
    """One run of retraining."""


@run.command()
@click.argument("run_id", metavar="ID")
@name_argument
@artifacts_option
@json_option
def show(run_id: str, name: str | None, artifacts: Path, as_json: bool) -> None:
    """Show the run ID: its shards, the verdict of the gate, and its version.

    NAME is the model; it may be left out where one is retrained.
    """
    with opened_ledger(artifacts, name) as connection:
        figures = _figures(connection, run_id)
    if as_json:
        print_json(figures)
    else:
        _print_figures(figures)


def opened_ledger(artifacts: Path, name: str | None) -> "closing[sqlite3.Connection]":
    """The ledger of the model, until the block ends."""
    from trainers.retraining.retrained import chosen_name, known_ledger

    return known_ledger(artifacts, chosen_name(artifacts, name))


def _figures(connection: "sqlite3.Connection", run_id: str) -> dict[str, Any]:
    from trainers.retraining.ledger import gates, runs, shards, versions

    found = runs.get(connection, run_id)
    gate = gates.find(connection, run_id)
    version = versions.of_run(connection, run_id)
    own = [one for one in shards.all_shards(connection) if one.sha256 in found.shards]
    return {
        **asdict(found),
        "shards": [asdict(one) for one in own],
        "gate": None if gate is None else {"passed": gate.passed, "report": gate.report},
        "version": None if version is None else asdict(version),
    }


def print_json(content: object) -> None:
    """Print indented JSON."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=False))


def _print_table(found: Sequence["Run"]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    table = Table(
        Column("run", no_wrap=True), "trigger", Column("state", no_wrap=True), "code", "shards",
        "reason",
    )  # fmt: skip
    for one in found:
        code = "" if one.exit_code is None else str(one.exit_code)
        cells = (one.id, one.trigger, one.state, code, str(len(one.shards)), one.reason)
        table.add_row(*map(escape, cells))
    Console().print(table)


def _print_figures(figures: Mapping[str, Any]) -> None:
    for name, value in figures.items():
        if value is not None:
            for line in _LINES[name](value) if name in _LINES else [f"{name}: {value}"]:
                click.echo(line)


def _shard_lines(shards: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for shard in shards:
        counts = ", ".join(
            f"{shard[name]:,} {name}" for name in ("accepted", "duplicates", "late", "quarantined")
        )
        yield f"shard {shard['sequence']}: {shard['name']}, {counts}"


def _gate_lines(gate: Mapping[str, Any]) -> Iterator[str]:
    yield f"gate: {'passed' if gate['passed'] else 'rejected'}"
    for check in gate["report"]["checks"]:
        kept = "kept" if check["passed"] else "broken"
        yield f"  {kept if check['decides'] else 'noted'}: {check['sentence']}"


def _version_lines(version: Mapping[str, Any]) -> Iterator[str]:
    start = "from the beginning" if version["parent"] is None else f"from {version['parent']} on"
    yield f"version: {version['number']}, trained {start}"


_LINES: Mapping[str, Callable[[Any], Iterator[str]]] = {
    "shards": _shard_lines,
    "gate": _gate_lines,
    "version": _version_lines,
}
"""Figures that take more than their name and value."""
