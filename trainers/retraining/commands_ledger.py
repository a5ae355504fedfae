"""`tfrs runs` and `tfrs run show`: what retraining did."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import sqlite3

    from trainers.retraining.ledger.runs import Run

_ledger = click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="The ledger of retraining, `state.db`.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@_ledger
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@_json
def runs(ledger: Path, limit: int, as_json: bool) -> None:
    """List the last runs of retraining, newest first."""
    from trainers.retraining.ledger.runs import latest

    with _opened(ledger) as connection:
        found = latest(connection, limit)
    if as_json:
        _print_json([asdict(one) for one in found])
    else:
        _print_table(found)


@click.group()
def run() -> None:
    """One run of retraining."""


@run.command()
@click.argument("run_id", metavar="ID")
@_ledger
@_json
def show(run_id: str, ledger: Path, as_json: bool) -> None:
    """Show the run ID: its shards, the verdict of the gate, and its version."""
    with _opened(ledger) as connection:
        figures = _figures(connection, run_id)
    if as_json:
        _print_json(figures)
    else:
        _print_figures(figures)


def _opened(ledger: Path) -> "closing[sqlite3.Connection]":
    from trainers.retraining.ledger.database import open_ledger

    return closing(open_ledger(ledger))


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


def _print_json(content: object) -> None:
    click.echo(json.dumps(content, indent=2, ensure_ascii=False))


def _print_table(found: Sequence["Run"]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("run", "started", "trigger", "policy", "state", "code", "shards", "reason")
    for one in found:
        code = "" if one.exit_code is None else str(one.exit_code)
        shards = str(len(one.shards))
        table.add_row(
            one.id, one.started, one.trigger, one.policy, one.state, code, shards, one.reason
        )
    Console().print(table)


def _print_figures(figures: Mapping[str, Any]) -> None:
    for name, value in figures.items():
        if name == "shards":
            for shard in value:
                click.echo(_shard_line(shard))
        elif isinstance(value, Mapping):
            click.echo(f"{name}: {json.dumps(value, ensure_ascii=False)}")
        elif value is not None:
            click.echo(f"{name}: {value}")


def _shard_line(shard: Mapping[str, Any]) -> str:
    counts = ", ".join(
        f"{shard[name]:,} {name}" for name in ("accepted", "duplicates", "late", "quarantined")
    )
    return f"shard {shard['sequence']}: {shard['name']}, {counts}"
