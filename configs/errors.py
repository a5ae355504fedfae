"""Every error a user can meet, with the exit code a script sees.

TfrsError
|-- ConfigError       64  a setting is wrong
|-- DataError         65  the data are wrong
|-- ArtifactError     66  a run, bundle or file is missing or does not match
|-- EnvironmentFault  78  the machine or the installation is wrong
"""

from typing import ClassVar


class TfrsError(Exception):
    """A fault with a cause that the user can mend; its text says how."""

    exit_code: ClassVar[int] = 70


class ConfigError(TfrsError, ValueError):
    """A setting is wrong: names the field, the rule, the value and the way out.

    A `ValueError` too, so that pydantic gathers it with the other faults of a configuration.
    """

    exit_code = 64


class DataError(TfrsError):
    """The data break a rule: names file, row and column where there are any."""

    exit_code = 65


class ArtifactError(TfrsError):
    """A run, checkpoint, bundle or file is missing, damaged or belongs to another run."""

    exit_code = 66


class EnvironmentFault(TfrsError):  # noqa: N818  (EnvironmentError is a builtin)
    """The installation or the machine cannot do what was asked."""

    exit_code = 78
