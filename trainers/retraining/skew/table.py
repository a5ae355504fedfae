"""What differs, for the terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trainers.retraining.drift.findings import Mismatch
from trainers.retraining.skew.measured import Example, Skew

if TYPE_CHECKING:
    from rich.table import Table


def table(skew: Skew) -> "Table":
    """The inputs that differ in any request, with their examples."""
    from rich.table import Table
    from rich.text import Text

    made = Table("input", "differ", "limit", "verdict", "request", "trained", "served")
    for one in skew.report.mismatches:
        if one.differing:
            for row in _rows(one, [e for e in skew.examples if e.column == one.column]):
                made.add_row(*map(Text, row))  # as it is: brackets are markup in a string
    return made


def _rows(one: Mismatch, examples: list[Example]) -> Iterator[tuple[str, ...]]:
    """One for each example; the first tells how many there are."""
    head: tuple[str, ...] = (one.column, f"{one.share:.2%}", f"{one.limit:.2%}", one.verdict)
    for example in examples:
        yield (*head, example.request, example.trained, example.served)
        head = ("",) * len(head)


def notes(skew: Skew) -> Iterator[str]:
    """What was compared and what was not, a line each."""
    report = skew.report
    equal = [one.column for one in report.mismatches if not one.differing]
    yield f"{report.joined:,} of {report.rows[1]:,} logged requests are in the dataset."
    for title, names in (
        ("The same in all of them", equal),
        ("Not compared, the log lacks them", skew.not_logged),
        ("Not compared, `retraining.drift` leaves them out", skew.left_out),
        ("Columns of the log that are no inputs", skew.unread),
    ):
        if names:
            yield f"{title}: {', '.join(names)}"
