"""Read a JSON file that says which version of its layout it has."""

import json
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from configs.errors import ArtifactError
from configs.section import Section

S = TypeVar("S", bound=Section)


def read_versioned(path: Path, kind: type[S], version: int, another: str, damaged: str) -> S:
    """The section that a file holds.

    Args:
        path: of the file.
        kind: of the section, which has a field `format`.
        version: the only `format` that is read.
        another: the way out where the file has another one.
        damaged: the way out where it cannot be read.

    Raises:
        FileNotFoundError: there is no file.
        ArtifactError: it is damaged, or of another format.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        found = raw["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error, damaged) from error
    if found != version:
        raise ArtifactError(
            f"`format` of {path} is {found}, this program reads {version}: {another}."
        )
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        raise _damaged(path, error, damaged) from error


def _damaged(path: Path, error: Exception, way_out: str) -> ArtifactError:
    return ArtifactError(f"{path} is damaged ({error}): {way_out}.")
