"""Read JSON that says which version of its layout it has."""

import json
from typing import TypeVar

from pydantic import ValidationError

from configs.errors import ArtifactError
from configs.section import Section

S = TypeVar("S", bound=Section)


def parse_versioned(
    content: bytes, where: str, kind: type[S], version: int, another: str, damaged: str
) -> S:
    """The section that a file, or an object of a store, holds.

    Args:
        content: of the file.
        where: it lies, for the message.
        kind: of the section, which has a field `format`.
        version: the only `format` that is read.
        another: the way out where the file has another one.
        damaged: the way out where it cannot be read.

    Raises:
        ArtifactError: it is damaged, or of another format.
    """
    try:
        raw = json.loads(content.decode("utf-8"))
        found = raw["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(where, error, damaged) from error
    if found != version:
        raise ArtifactError(
            f"`format` of {where} is {found}, this program reads {version}: {another}."
        )
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        raise _damaged(where, error, damaged) from error


def _damaged(where: str, error: Exception, way_out: str) -> ArtifactError:
    return ArtifactError(f"{where} is damaged ({error}): {way_out}.")
