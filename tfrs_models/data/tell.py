"""The figures of a dataset as tables on the terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

TOP_TYPES = 10


def tell(figures: Mapping[str, Any], console: Console) -> None:
    """Print what `describe` found."""
    console.print(_overview(figures))
    console.print(_parts(figures["parts"]))
    console.print(_rows(figures["report"]["tables"]))
    console.print(_types(figures["event_types"]))
    missing = {**figures["report"]["missing"], **figures["report"]["notes"]}
    for label, count in missing.items():
        console.print(f"{label.replace('_', ' ')}: {count:,}", markup=False)


def _table(title: str, *headers: str) -> Table:
    table = Table(title=title, title_justify="left")
    for index, header in enumerate(headers):
        table.add_column(header, justify="right" if index else "left")
    return table


def _overview(figures: Mapping[str, Any]) -> Table:
    table = _table("Dataset", "", "value")
    table.add_row("folder", escape(figures["folder"]))
    for label in ("events", "users", "known_users", "items", "known_items"):
        table.add_row(label.replace("_", " "), f"{figures[label]:,}")
    table.add_row("density", f"{figures['density']:.3%}")
    table.add_row("window (UTC)", f"{figures['window']['start']} to {figures['window']['end']}")
    table.add_row("split", figures["split"]["type"])
    for label, moment in figures["split"]["cuts"].items():
        table.add_row(label.replace("_", " "), str(moment))
    lengths = figures["history_lengths"].items()
    table.add_row(
        "training events of a user", ", ".join(f"{float(q):.0%}: {n:,}" for q, n in lengths)
    )
    return table


def _parts(parts: Mapping[str, Mapping[str, int]]) -> Table:
    headers = ("events", "positives", "users", "new_users", "items", "new_items")
    table = _table("Parts of the split", "part", *(h.replace("_", " ") for h in headers))
    for part, counts in parts.items():
        table.add_row(part, *(f"{counts[header]:,}" for header in headers))
    return table


def _rows(tables: Mapping[str, Mapping[str, Any]]) -> Table:
    table = _table("Rows read", "table", "what", "rows")
    for label, report in tables.items():
        table.add_row(label, "valid", f"{report['valid']:,}")
        table.add_row("", "duplicates, dropped", f"{report['duplicates']:,}")
        for rule, count in report["filtered"].items():
            table.add_row("", f"dropped by the filter: {escape(rule)}", f"{count:,}")
        for reason, count in report["quarantined"].items():
            table.add_row("", f"quarantined: {escape(reason)}", f"{count:,}")
    return table


def _types(types: Mapping[str, int]) -> Table:
    table = _table("Event types", "type", "events")
    for kind, count in sorted(types.items(), key=lambda item: -item[1])[:TOP_TYPES]:
        table.add_row(escape(kind), f"{count:,}")
    return table
