"""The child process of `exports.verification.isolated`: loads everything, and asks again."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from configs.errors import TfrsError
from exports.contest import EXACT
from exports.verification.check import EXPORT_AGAIN, Check, refuse
from exports.verification.limits import Limits


def main(job_text: str) -> int:
    """Check the bundle that a JSON text names; checks and faults are told on stdout."""
    job = json.loads(job_text)
    Limits(**job["limits"]).apply()
    try:
        checks = [asdict(check) for check in opened_checks(Path(job["bundle"]))]
    except TfrsError as error:
        sys.stdout.write(str(error))
        return error.exit_code
    sys.stdout.write(json.dumps(checks))
    return 0


def opened_checks(bundle: Path) -> Iterator[Check]:
    """Load every model, replay its requests, and search every index, in this process.

    Raises:
        ArtifactError: one cannot be loaded, answers otherwise, or has another size.
        EnvironmentFault: the library of an index is not installed.
    """
    yield from _models(bundle)
    yield from _indexes(bundle)


def _models(bundle: Path) -> Iterator[Check]:
    from exports.loader import load_model
    from exports.verification.protos import FILE
    from exports.verification.recordings import read_recordings
    from exports.verification.replay import replay

    recorded = read_recordings(bundle)
    requests = list(enumerate(recorded.requests, 1)) if recorded else []
    names = [path.parent.relative_to(bundle).as_posix() for path in bundle.rglob(FILE)]
    _check_names({one.model for _, one in requests}, names)
    for name in sorted(names):
        model = load_model(bundle / name)
        own = [(place, one) for place, one in requests if one.model == name]
        differences = [replay(model, one, place) for place, one in own]
        model.close()
        yield Check(f"loaded {name}", f"{len(model.inputs)} inputs, {len(model.outputs)} outputs")
        if own:
            largest = f"largest difference {max(differences):.1e}"
            yield Check(f"replayed {name}", f"{len(own)} requests, ids equal, {largest}")


def _check_names(asked: set[str], names: list[str]) -> None:
    from exports.verification.recordings import FILE

    for name in sorted(asked - {*names}):
        raise refuse(FILE, "must ask models of the bundle", f"`{name}`", EXPORT_AGAIN)


def _indexes(bundle: Path) -> Iterator[Check]:
    import pyarrow.parquet as pq

    from exports.index import open_index
    from exports.manifest import read_manifest

    items = pq.read_metadata(bundle / "items.parquet").num_rows
    for name in sorted({EXACT, read_manifest(bundle).index}):
        index = open_index(bundle / "index" / name)
        file = f"index/{name}/index.json"
        if index.size != items:
            raise refuse(file, f"must have the {items} items", f"{index.size}", EXPORT_AGAIN)
        k = min(10, items)
        positions, _ = index.search(np.ones((1, index.dim), np.float32), k)
        if not ((positions >= 0) & (positions < items)).all():
            raise refuse(file, f"must find {k} of its items", f"{positions}", EXPORT_AGAIN)
        yield Check(f"opened index {name}", f"{index.size} items, width {index.dim}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
