"""Run a module in a child process, so that what goes wrong there ends the child alone."""

import os
import subprocess
import sys
from collections.abc import Mapping
from types import MappingProxyType

from configs.errors import ArtifactError, ConfigError, DataError, EnvironmentFault, TfrsError

_FAULTS = (ConfigError, DataError, ArtifactError, EnvironmentFault)
_LAST_LINES = 12

Child = subprocess.CompletedProcess[str]


def run_module(
    module: str,
    job: str,
    environment: Mapping[str, str] = MappingProxyType({}),
    timeout_seconds: float | None = None,
) -> Child:
    """Run `python -m MODULE JOB` and wait.

    Args:
        module: its name; it finds the packages that this process finds.
        job: its one argument.
        environment: variables that the child has besides those of this process.
        timeout_seconds: after which the child is killed.

    Raises:
        subprocess.TimeoutExpired: it was killed.
    """
    return subprocess.run(  # noqa: S603
        [*module_command(module), job],
        env=module_environment() | dict(environment),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=timeout_seconds,
    )


def module_command(module: str) -> list[str]:
    """The command that runs a module in a process of its own."""
    # -P keeps the working directory off the child's path, where a folder could shadow a package.
    return [sys.executable, "-P", "-m", module]


def module_environment() -> dict[str, str]:
    """The variables of this process, with which a child finds the packages that it finds."""
    path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)  # noqa: PTH100
    return os.environ | {"PYTHONPATH": path}


def own_fault(child: Child) -> TfrsError | None:
    """The error that the child itself told by its exit code and what it printed, if it did."""
    for kind in _FAULTS:
        if child.returncode == kind.exit_code and child.stdout.strip():
            return kind(child.stdout.strip())
    return None


def last_words(child: Child) -> str:
    """The end of what the child wrote to its standard error."""
    return "\n".join(child.stderr.strip().splitlines()[-_LAST_LINES:])
