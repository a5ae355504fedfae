"""Publish bundles as numbered versions, and move the pointer that says which one answers."""

import shutil
from pathlib import Path

from exports.manifest import NAME as MANIFEST
from exports.manifest import Manifest, manifest_sha256, verify
from exports.publishing.adding import add
from exports.publishing.cleanup import recover, retain
from exports.publishing.layout import LEDGER, model_folder
from exports.publishing.ledger import Label, Record, write_ledger
from exports.publishing.rules import (
    KEEP,
    Choose,
    check_keep,
    choose_canary,
    choose_earlier,
    new_record,
    unknown_model,
)
from exports.publishing.tensorflow_serving import write_configs
from tfrs_models.durable import locked


def publish(
    bundle: Path,
    base: Path,
    name: str | None = None,
    *,
    canary: bool = False,
    keep: int = KEEP,
    serving_path: str | None = None,
) -> int:
    """Copy a bundle to `<base>/<name>/<version>` and let a pointer name it.

    The version appears whole, or nothing changes but the next number. Then versions that are old,
    not needed and not in use are deleted. A bundle that is stable already is not published again,
    nor is one that is the canary already when it is asked for as such.

    Args:
        bundle: folder of the bundle.
        base: folder of all published models.
        name: of the model; the manifest's `model_name` by default.
        canary: put the version on trial beside the stable one, instead of in its place.
        keep: newest versions to keep, at least 1.
        serving_path: `base` as TensorFlow Serving sees it; the same by default.

    Returns:
        The number of the version.

    Raises:
        ArtifactError: the bundle, its copy or a ledger is damaged.
        ConfigError: `name` or `keep` is wrong.
        OSError: the disk is full or fails.
    """
    check_keep(keep)
    label: Label = "canary" if canary else "stable"
    manifest = verify(bundle)
    folder = model_folder(base, manifest.model_name if name is None else name)
    with locked(folder):
        ledger = recover(folder)
        # Before too: a writer that died may not have come to it, and the damaged ledger of another
        # model must be told while nothing has changed.
        write_configs(base, serving_path)
        same = ledger.labelled(manifest_sha256(bundle), label)
        if same is not None:
            return same
        version = ledger.last + 1
        add(folder, ledger, version, label, lambda work: _copy(bundle, manifest, work, version))
        write_configs(base, serving_path)
        retain(folder, keep)
    return version


def promote(base: Path, name: str, serving_path: str | None = None) -> int:
    """Make the canary stable: its version.

    Raises:
        ArtifactError: there is no canary, or it is damaged.
    """
    return _move_stable(base, name, choose_canary, serving_path)


def rollback(base: Path, name: str, to: int | None = None, serving_path: str | None = None) -> int:
    """Make a published version stable, by default the one that was before the present one.

    Returns:
        The version that is stable now.

    Raises:
        ArtifactError: there is no such version, or it is damaged.
    """
    return _move_stable(base, name, choose_earlier(to), serving_path)


def _copy(bundle: Path, manifest: Manifest, target: Path, version: int) -> Record:
    """Copy the files that the manifest names; a link stays one, and verifying then refuses it."""
    for name in (MANIFEST, *manifest.files):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(bundle / name, target / name, follow_symlinks=False)
    return new_record(version, verify(target), (target / MANIFEST).read_bytes())


def _move_stable(base: Path, name: str, choose: Choose, serving_path: str | None) -> int:
    folder = model_folder(base, name)
    if not (folder / LEDGER).is_file():
        raise unknown_model(name, base)
    with locked(folder):
        ledger = recover(folder)
        write_configs(base, serving_path)
        version = choose(ledger)
        verify(folder / str(version))
        write_ledger(ledger.with_stable(version), folder)
        write_configs(base, serving_path)
    return version
