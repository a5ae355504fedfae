"""Files that a source reads: globs, formats and identities."""

import os
from collections.abc import Sequence
from pathlib import Path

from configs.errors import DataError
from tfrs_models.data.layouts import MOVIELENS, MOVIELENS_100K
from tfrs_models.data.suggest import nearest

Identity = list[tuple[str, int, int]]
"""Absolute path, size and modification time in nanoseconds of each file."""
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".inter": "recbole",
    ".item": "recbole",
    ".user": "recbole",
}


def expand(patterns: Sequence[str], setting: str) -> list[Path]:
    """Files named by paths and globs, sorted within each glob, without repetitions.

    Raises:
        DataError: a pattern names no file, or a file is empty or has a path that is not UTF-8.
    """
    found = matches(patterns, setting)
    for path in found:
        check_file(path, setting)
    return found


def matches(patterns: Sequence[str], setting: str) -> list[Path]:
    """`expand` that lets every file pass.

    Raises:
        DataError: a pattern names no file.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        found |= dict.fromkeys(_expand_one(pattern, setting))
    return list(found)


def check_file(path: Path, setting: str) -> None:
    """Check that a file has a name that DuckDB can be told, and holds something.

    Raises:
        DataError: its path is not UTF-8, or it has 0 bytes.
    """
    if shown(path) != str(path):
        raise DataError(
            f"`{setting}`: the path of the file {shown(path)} is not UTF-8. Rename it or leave it "
            "out."
        )
    if path.stat().st_size == 0:
        raise DataError(
            f"`{setting}`: the file {path} is empty (0 bytes). Replace it or leave it out."
        )


def shown(path: Path) -> str:
    """The path as text that can be written anywhere; bytes that are not UTF-8 are escaped."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _expand_one(pattern: str, setting: str) -> list[Path]:
    path = Path(pattern).expanduser()
    if path.is_file():
        return [path]
    anchor = Path(path.anchor)
    matches = anchor.glob(path.relative_to(anchor).as_posix()) if path.name else ()
    files = sorted(match for match in matches if match.is_file())
    if not files:
        siblings = [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else []
        place = "" if path.is_absolute() else f" in {Path.cwd()}"
        raise DataError(
            f"`{setting}`: no file matches `{pattern}`{place}.{nearest(path.name, siblings)} "
            f"{_where_to_get(path.name)}"
            "Give the path of a file, a glob such as `data/*.csv`, or a list of them: "
            f"`--set {setting}=PATH`."
        )
    return files


def _where_to_get(name: str) -> str:
    if name not in MOVIELENS_100K:
        return ""
    return (
        f"{', '.join(MOVIELENS_100K)} are in the archive ml-100k.zip of "
        "https://grouplens.org/datasets/movielens/100k/: unpack it there. "
    )


def format_of(path: Path, setting: str) -> str:
    """Format told by a file's name.

    Raises:
        DataError: the name tells nothing.
    """
    if path.name in MOVIELENS and path.suffix != ".csv":
        return "movielens"
    plain = path.with_suffix("") if path.suffix == ".gz" else path
    if plain.suffix.lower() not in SUFFIXES:
        raise DataError(
            f"`{setting}`: the name of {path} does not tell its format. Known endings are "
            f"{', '.join(SUFFIXES)} (and .gz after a text format); set `format` otherwise."
        )
    return SUFFIXES[plain.suffix.lower()]


def literal(path: Path) -> str:
    """The path in a form that DuckDB does not take for a glob."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in path.as_posix())


def identity(paths: Sequence[Path]) -> Identity:
    """Absolute path, size and modification time of each file."""
    stats = [(path, path.stat()) for path in paths]
    return [(path.resolve().as_posix(), stat.st_size, stat.st_mtime_ns) for path, stat in stats]
