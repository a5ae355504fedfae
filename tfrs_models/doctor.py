"""`tfrs doctor`: whether this installation and machine can do the work, and what to mend."""

import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import click

from configs.durations import duration
from configs.errors import EnvironmentFault
from tfrs_models.cli import sibling_fault

DISTRIBUTION = "tfrs-two-stage"
SCANN_CPU_FEATURES = ("avx2", "fma")
LEAST_FREE_GIB = 1.0
CHILD_SECONDS = 120
EXIT_UNHEALTHY = 1
HEALTH = "trainers.retraining.health"  # by its name alone: it lies above this package

# In a child: a wheel built for another processor ends its process, and the report must go on.
_PROBE = """
import json
from importlib import metadata
from tfrs_models.backend import tf, tfrs
import scann
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model(tf.ones([1, 2]))
print(json.dumps({
    "keras": metadata.version("tf-keras"),
    "tensorflow": tf.__version__,
    "gpus": len(tf.config.list_physical_devices("GPU")),
    "retrieval": tfrs.tasks.Retrieval.__name__,
}))
"""


@dataclass(frozen=True)
class Check:
    """One finding.

    Attributes:
        name: what was looked at.
        status: `fail` makes the doctor fail; `note` is for information.
        detail: what was found and, when it failed, the way out.
    """

    name: str
    status: Literal["ok", "note", "fail"]
    detail: str


@click.command()
@click.argument("name", required=False)
@click.option(
    "--artifacts",
    type=click.Path(path_type=Path),
    default=Path("artifacts"),
    show_default=True,
    help="Folder that runs will write to.",
)
@click.option(
    "--max-age",
    type=duration,
    metavar="DURATION",
    help="Fail where retraining published longer ago: 90m, 26h, 7d.",
)
@click.option("--rebuild", is_flag=True, help="Make the ledger of retraining again.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(
    name: str | None, artifacts: Path, max_age: float | None, rebuild: bool, as_json: bool
) -> int:
    """Check the installation and the machine; with --max-age or --rebuild, retraining instead.

    NAME is a retrained model: --max-age looks at all without it, and --rebuild needs it where there
    are several. Both end with 1 where they find a fault.
    """
    if rebuild or max_age is not None:
        found = _show(_retraining(artifacts, name, max_age, rebuild), as_json)
        return EXIT_UNHEALTHY if found else 0
    if name is not None:
        raise click.UsageError(f"NAME, here `{name}`, goes with --max-age or --rebuild.")
    failed = _show(examine(artifacts), as_json)
    if failed:
        raise EnvironmentFault(f"the doctor found faults: {', '.join(failed)}")
    return 0


def _retraining(
    artifacts: Path, name: str | None, max_age: float | None, rebuild: bool
) -> Iterator[Check]:
    health = importlib.import_module(HEALTH)
    if rebuild:
        yield from health.rebuilt(artifacts, name)
    if max_age is not None:
        yield from health.examine(artifacts, name, max_age)


def _show(checks: Iterable[Check], as_json: bool) -> list[str]:
    """Print the checks; the names of those that failed."""
    found = list(checks)
    if as_json:
        click.echo(json.dumps([asdict(check) for check in found], indent=2))
    else:
        _print_table(found)
    return [check.name for check in found if check.status == "fail"]


def examine(artifacts: Path) -> Iterator[Check]:
    """Run every check; cheap ones first."""
    yield check_python()
    yield check_siblings()
    yield check_requirements()
    yield check_processor(_processor_features())
    yield check_writable(artifacts)
    yield check_space(artifacts)
    yield from check_tensorflow()


def check_python() -> Check:
    """Python is one of the versions that the wheels exist for."""
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info < (3, 14):
        return Check("python", "ok", version)
    return Check("python", "fail", f"{version}; use 3.11, 3.12 or 3.13")


def check_siblings() -> Check:
    """`configs`, `trainers`, `exports` and `serving` are this project's."""
    fault = sibling_fault()
    return Check("packages", "fail" if fault else "ok", fault or "all from one place")


def check_requirements() -> Check:
    """Every requirement of the distribution is installed in a version that it allows."""
    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return Check("requirements", "note", "runs from the source tree; install it: `make venv`")
    wrong = [fault for line in lines if (fault := requirement_fault(line))]
    if wrong:
        return Check("requirements", "fail", f"{'; '.join(wrong)}. Install requirements.lock again")
    return Check("requirements", "ok", "installed in the versions asked for")


def requirement_fault(line: str) -> str:
    """What is wrong with one requirement such as `scann==1.4.2`; empty when nothing is."""
    from packaging.requirements import Requirement

    wanted = Requirement(line)
    if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
        return ""
    try:
        found = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return f"{wanted.name} is missing, {wanted.specifier or 'any version'} is needed"
    if wanted.specifier.contains(found, prereleases=True):
        return ""
    return f"{wanted.name} is {found}, {wanted.specifier} is needed"


def check_processor(features: frozenset[str] | None) -> Check:
    """The processor has the instructions that ScaNN is compiled for.

    Args:
        features: lower-case names; None when the system does not tell, as on ARM.
    """
    if features is None:
        return Check("processor", "note", "not x86 or not Linux: ScaNN's instructions not checked")
    missing = [name for name in SCANN_CPU_FEATURES if name not in features]
    if missing:
        return Check(
            "processor",
            "fail",
            f"{', '.join(missing)} missing, which ScaNN needs; use `export.index.type=exact`",
        )
    return Check("processor", "ok", " ".join(SCANN_CPU_FEATURES))


def _processor_features() -> frozenset[str] | None:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for line in text.splitlines():
        if line.startswith("flags"):
            return frozenset(line.partition(":")[2].split())
    return None


def check_writable(artifacts: Path) -> Check:
    """A file can be written where the artifacts go."""
    folder = _existing(artifacts)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        way_out = "give another folder with `--artifacts`"
        return Check("artifacts", "fail", f"{folder}: {error.strerror}; {way_out}")
    return Check("artifacts", "ok", f"{folder} can be written")


def check_space(artifacts: Path, least_gib: float = LEAST_FREE_GIB) -> Check:
    """There is room for a run."""
    free = shutil.disk_usage(_existing(artifacts)).free / 2**30
    detail = f"{free:.1f} GiB free"
    if free < least_gib:
        return Check("disk", "fail", f"{detail}, {least_gib:g} GiB are needed; free some space")
    return Check("disk", "ok", detail)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists already."""
    folder = folder.absolute()
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def check_tensorflow() -> Iterator[Check]:
    """TensorFlow, TFRS, ScaNN and legacy Keras load and compute; GPUs are counted."""
    # -P: the child must not import from the folder that the user stands in.
    command = [sys.executable, "-P", "-c", _PROBE]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        child = subprocess.run(  # noqa: S603  (our own interpreter and text)
            command,
            check=False,
            env=environment,
            capture_output=True,
            text=True,
            timeout=CHILD_SECONDS,
        )
    except subprocess.TimeoutExpired:
        yield Check("tensorflow", "fail", f"gave no answer in {CHILD_SECONDS} s; try again")
        return
    yield from read_probe(child.returncode, child.stdout, child.stderr)


def read_probe(code: int, output: str, errors: str) -> Iterator[Check]:
    """What the child process found; a negative code is the signal that ended it."""
    if code != 0:
        last = errors.strip().splitlines()[-1:] or ["no message"]
        ended = f"ended by signal {-code}" if code < 0 else last[0]
        yield Check("tensorflow", "fail", f"{ended}. Install requirements.lock again")
        return
    found: Mapping[str, Any] = json.loads(output.strip().splitlines()[-1])
    yield Check("tensorflow", "ok", f"{found['tensorflow']} on legacy Keras {found['keras']}")
    gpus = found["gpus"]
    yield Check("gpu", "ok" if gpus else "note", f"{gpus} visible" if gpus else "none: runs on CPU")


def _print_table(checks: list[Check]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="tfrs doctor", title_justify="left")
    for column in ("check", "status", "found"):
        table.add_column(column, overflow="fold")
    colours = {"ok": "green", "note": "yellow", "fail": "red"}
    for check in checks:
        status = f"[{colours[check.status]}]{check.status}[/]"
        table.add_row(escape(check.name), status, escape(check.detail))
    Console().print(table)
