"""What every check of a bundle gives, and how it refuses."""

from dataclasses import dataclass

from configs.errors import ArtifactError


@dataclass(frozen=True)
class Check:
    """A check that a bundle passed.

    Attributes:
        name: what was looked at.
        found: figures, in words.
    """

    name: str
    found: str


def refuse(file: str, rule: str, value: str, way_out: str) -> ArtifactError:
    """The error of a rule that a file breaks.

    Args:
        file: path in the bundle.
        rule: what must hold, after the name of the file.
        value: what was found.
        way_out: what to do about it.
    """
    return ArtifactError(f"`{file}` of the bundle {rule}, got {value}: {way_out}.")


EXPORT_AGAIN = "export the bundle again, or take it from where you trust it"
"""The way out of most faults."""
