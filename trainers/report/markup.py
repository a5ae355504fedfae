"""HTML from values: everything that comes from data is escaped here, and only here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

_STYLE = """
body {font: 15px/1.5 system-ui, sans-serif; color: #1c2430; max-width: 72rem; margin: 2rem auto;
  padding: 0 1rem}
h1, h2, h3 {line-height: 1.2}
h2 {margin-top: 2.5rem; border-bottom: 1px solid #d5dae1; padding-bottom: .3rem}
p {max-width: 48rem}
dl {display: grid; grid-template-columns: max-content auto; gap: .2rem 1.5rem}
dt {color: #5a6675}
dd {margin: 0}
nav a {margin-right: 1rem}
.scroll {overflow-x: auto}
table {border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums}
th, td {padding: .25rem .7rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid #e6e9ee}
th:first-child, td:first-child {text-align: left}
thead th {border-bottom: 2px solid #9aa5b5}
small {color: #5a6675}
figure {margin: 1rem 0}
svg {max-width: 100%; height: auto}
"""
# Nothing is loaded and no script runs, whatever a name may hold.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: what it says.
        note: what stands behind in small print, such as an interval.
        strong: whether it is emphasized.
    """

    text: str
    note: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        name: its anchor, a plain word.
        title: its heading.
        parts: HTML made by the functions of this module.
    """

    name: str
    title: str
    parts: Sequence[str]


def paragraph(text: str) -> str:
    """A paragraph."""
    return f"<p>{escape(text)}</p>\n"


def heading(text: str) -> str:
    """A heading within a section."""
    return f"<h3>{escape(text)}</h3>\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str | Cell]]) -> str:
    """A table, all columns but the first to the right."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in rows)
    return (
        f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}</tbody>\n</table></div>\n"
    )


def picture(svg: str, caption: str) -> str:
    """A picture that is HTML already, see `trainers.report.svg`, with what it shows."""
    return f"<figure>\n{svg}<figcaption>{escape(caption)}</figcaption>\n</figure>\n"


def page(title: str, facts: Mapping[str, str], sections: Sequence[Section]) -> str:
    """The whole file."""
    links = "".join(f'<a href="#{part.name}">{escape(part.title)}</a>\n' for part in sections)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n{_facts(facts)}<nav>\n{links}</nav>\n"
        f"{''.join(map(_section, sections))}</body>\n</html>\n"
    )


def _facts(facts: Mapping[str, str]) -> str:
    rows = (f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>\n" for name, text in facts.items())
    return f"<dl>\n{''.join(rows)}</dl>\n"


def _cell(cell: str | Cell) -> str:
    if isinstance(cell, str):
        return f"<td>{escape(cell)}</td>"
    text = f"<b>{escape(cell.text)}</b>" if cell.strong else escape(cell.text)
    return f"<td>{text}{f' <small>{escape(cell.note)}</small>' if cell.note else ''}</td>"


def _section(part: Section) -> str:
    return (
        f'<section id="{part.name}">\n<h2>{escape(part.title)}</h2>\n{"".join(part.parts)}'
        "</section>\n"
    )
