"""`tfrs shards` and `tfrs shard withdraw`: the files of events that were taken in."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trainers.retraining.commands_ledger import (
    artifacts_option,
    json_option,
    name_argument,
    opened_ledger,
    print_json,
)

if TYPE_CHECKING:
    import sqlite3


@click.command()
@name_argument
@artifacts_option
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@json_option
def shards(name: str | None, artifacts: Path, limit: int, as_json: bool) -> None:
    """List the files that were taken in, newest first, and which version has learned them.

    NAME is the model; it may be left out where one is retrained.
    """
    with opened_ledger(artifacts, name) as connection:
        found = _figures(connection)[:limit]
    if as_json:
        print_json(found)
    else:
        _print_table(found)


@click.group()
def shard() -> None:
    """One file of events that was taken in."""


@shard.command()
@click.argument("number", metavar="SHARD")
@name_argument
@artifacts_option
@click.option("--reason", required=True, help="Why, for those who read the history later.")
def withdraw(number: str, name: str | None, artifacts: Path, reason: str) -> None:
    """Take SHARD back, by its number or file name: no run reads it any more.

    A mended file of the same events is taken in as a new one. Where a version has learned the
    shard, the next run trains from the beginning, without it.

    NAME is the model; it may be left out where one is retrained.
    """
    from trainers.folders import locked
    from trainers.retraining.intake import withdraw as intake
    from trainers.retraining.ledger.versions import learned_by
    from trainers.retraining.retrained import chosen_name, known_ledger
    from trainers.retraining.state import state_folder
    from trainers.retraining.work import iso

    name = chosen_name(artifacts, name)
    folder = state_folder(artifacts, name)
    with locked(folder), known_ledger(artifacts, name) as ledger:
        found = intake.find_shard(ledger, number)
        intake.withdraw(folder, ledger, found, reason, iso(time.time()))
        learned = learned_by(ledger).get(found.sha256)
    click.echo(f"shard {found.sequence}, {found.name}, is withdrawn")
    if learned is not None:
        click.echo(
            f"version {learned} has learned it: the next run begins anew; `tfrs retrain --full` "
            "does so at once, and `tfrs rollback` takes back what is served"
        )


def _figures(connection: "sqlite3.Connection") -> list[dict[str, Any]]:
    from trainers.retraining.ledger.shards import all_shards
    from trainers.retraining.ledger.versions import learned_by
    from trainers.retraining.ledger.withdrawals import all_withdrawals

    learned = learned_by(connection)
    withdrawn = {one.sha256: one for one in all_withdrawals(connection)}
    return [
        {
            **asdict(one),
            "learned_by": learned.get(one.sha256),
            "withdrawn": asdict(withdrawn[one.sha256]) if one.sha256 in withdrawn else None,
        }
        for one in reversed(all_shards(connection))
    ]


def _print_table(found: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    table = Table(
        "shard", Column("file", no_wrap=True), Column("accepted", justify="right"),
        Column("put aside", justify="right"), "learned by",
    )  # fmt: skip
    for one in found:
        aside = one["rows"] - one["accepted"]
        cells = (one["sequence"], one["name"], f"{one['accepted']:,}", f"{aside:,}", _learned(one))
        table.add_row(*(escape(str(cell)) for cell in cells))
    Console().print(table)


def _learned(one: dict[str, Any]) -> str:
    version, withdrawn = one["learned_by"], one["withdrawn"]
    words = [f"version {version}"] if version is not None else []
    if withdrawn is not None:
        words.append(f"withdrawn: {withdrawn['reason']}")
    return ", ".join(words) or "none yet"
