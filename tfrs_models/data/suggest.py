"""Error texts that name what is there and the nearest choice."""

import difflib
from collections.abc import Iterable, Sequence

from configs.errors import DataError


def nearest(wanted: str, choices: Iterable[str]) -> str:
    """` Did you mean ...?`, or nothing when no choice is near."""
    by_key = {_key(choice): choice for choice in choices}
    found = difflib.get_close_matches(_key(wanted), by_key, n=1)
    return f" Did you mean `{by_key[found[0]]}`?" if found else ""


def _key(word: str) -> str:
    return word.lower().replace("_", "").replace(" ", "")


def missing_columns(where: str, wanted: Sequence[str], present: Iterable[str]) -> None:
    """Check that columns exist.

    Args:
        where: what has the columns: a table or a file.
        wanted: columns that must exist.
        present: columns that exist.

    Raises:
        DataError: one is missing; lists the columns and the nearest one.
    """
    present = list(present)
    for column in wanted:
        if column not in present:
            raise DataError(
                f"{where} has no column `{column}`.{nearest(column, present)} "
                f"It has {', '.join(f'`{name}`' for name in present)}. "
                "Map the right one with `columns` of the source."
            )
