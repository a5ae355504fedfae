"""Load a bundle in a child process with limits, so that a bad one harms nothing else."""

import json
import signal
import subprocess
from dataclasses import asdict
from pathlib import Path

from configs.errors import ArtifactError
from exports.children import Child, last_words, own_fault, run_module
from exports.verification.check import Check
from exports.verification.limits import Limits

# The limit of memory leaves no room for the address space that a GPU's driver takes.
_ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "-1", "PYTHONDONTWRITEBYTECODE": "1"}


def isolated_checks(bundle: Path, limits: Limits) -> list[Check]:
    """Load all models and indexes and replay the recorded requests, in a child process.

    Args:
        bundle: a folder that passed `exports.verification.static.static_checks`.
        limits: of the child.

    Raises:
        ArtifactError: a fault of the bundle, or the child died or ran out of a limit.
        EnvironmentFault: the library of an index is not installed.
    """
    job = json.dumps({"bundle": str(bundle.absolute()), "limits": asdict(limits)})
    try:
        child = run_module("exports.verification.opened", job, _ENVIRONMENT, limits.seconds)
    except subprocess.TimeoutExpired as error:
        raise _stopped(bundle, f"was not done after {limits.seconds} s", limits) from error
    if child.returncode:
        raise own_fault(child) or _died(bundle, child, limits)
    return [Check(**check) for check in json.loads(child.stdout)]


def _died(bundle: Path, child: Child, limits: Limits) -> ArtifactError:
    code = child.returncode
    how = signal.Signals(-code).name if code < 0 else f"code {code}"
    return _stopped(bundle, f"ended with {how}: {last_words(child)}", limits)


def _stopped(bundle: Path, how: str, limits: Limits) -> ArtifactError:
    return ArtifactError(
        f"the process that loaded the bundle {bundle} {how}. It may use {limits.memory_bytes:,} "
        f"bytes of memory (`--memory-bytes`) and {limits.seconds} s (`--timeout`): raise the limit "
        "if the bundle is large, otherwise do not load it elsewhere."
    )
