"""Bundles of three small files, and a process that publishes until it is killed."""

import itertools
import os
import sys
from pathlib import Path

from exports.manifest import Manifest, Rows, write_manifest
from exports.publishing.ledger import read_ledger
from exports.publishing.store import promote, publish, rollback

FILES = ("saved_model.pb", "items.parquet", "variables/variables.index")


def make_bundle(folder: Path, text: str, name: str = "shop", repeat: int = 1) -> Path:
    """A bundle each of whose files holds the same text."""
    for file in FILES:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text * repeat)
    manifest = Manifest(
        model_name=name,
        created="2026-01-01T00:00:00+00:00",
        data_window=("2025-01-01T00:00:00Z", "2025-12-31T00:00:00Z"),
        config_fingerprint="0" * 64,
        dataset_fingerprint="1" * 64,
        schema_fingerprint="2" * 64,
        rows=Rows(users=2, items=3, events=4),
        versions={},
        index="exact",
        index_recall=1.0,
        candidates=10,
        exclude_seen=True,
    )
    write_manifest(manifest, folder)
    return folder


def publish_for_ever(bundles: list[Path], base: Path) -> None:
    """Publish, try, promote and roll back, until the process is killed."""
    for bundle in itertools.cycle(bundles):
        publish(bundle, base, keep=1)
        if read_ledger(base / "shop").history:
            rollback(base, "shop")
        publish(bundle, base, canary=True, keep=1)
        if read_ledger(base / "shop").canary:
            promote(base, "shop")


def main(base: Path, bundles: list[Path]) -> None:
    """For each line of the input fork a writer, print its number, and how it ended.

    Forking spares each of a hundred writers the start of an interpreter.
    """
    for _ in sys.stdin:
        process = os.fork()
        if process == 0:
            publish_for_ever(bundles, base)
        sys.stdout.write(f"{process}\n")
        sys.stdout.flush()
        sys.stdout.write(f"{os.waitpid(process, 0)[1]}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
