"""Publish bundles as numbered versions, and move the pointer that says which one answers."""

import datetime
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from configs.errors import ArtifactError, ConfigError
from exports.manifest import NAME as MANIFEST
from exports.manifest import Manifest, verify
from exports.publishing.cleanup import recover, retain
from exports.publishing.in_use import add_lock_file
from exports.publishing.layout import LEDGER, model_folder
from exports.publishing.ledger import Label, Ledger, Record, write_ledger
from exports.publishing.tensorflow_serving import write_configs
from tfrs_models.durable import locked, new_folder

KEEP = 5


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
    if keep < 1:
        raise ConfigError(f"`keep` must be at least 1, got {keep}: keep one or more versions.")
    label: Label = "canary" if canary else "stable"
    manifest = verify(bundle)
    folder = model_folder(base, manifest.model_name if name is None else name)
    with locked(folder):
        ledger = recover(folder)
        # Before too: a writer that died may not have come to it, and the damaged ledger of another
        # model must be told while nothing has changed.
        write_configs(base, serving_path)
        same = ledger.labelled(_sha256(bundle), label)
        if same is not None:
            return same
        version = _add(bundle, manifest, folder, ledger, label)
        write_configs(base, serving_path)
        retain(folder, keep)
    return version


def promote(base: Path, name: str, serving_path: str | None = None) -> int:
    """Make the canary stable: its version.

    Raises:
        ArtifactError: there is no canary, or it is damaged.
    """
    return _move_stable(base, name, _canary, serving_path)


def rollback(base: Path, name: str, to: int | None = None, serving_path: str | None = None) -> int:
    """Make a published version stable, by default the one that was before the present one.

    Returns:
        The version that is stable now.

    Raises:
        ArtifactError: there is no such version, or it is damaged.
    """
    choose = _previous if to is None else (lambda ledger: _published(ledger, to))
    return _move_stable(base, name, choose, serving_path)


def _add(bundle: Path, manifest: Manifest, folder: Path, ledger: Ledger, label: Label) -> int:
    version = ledger.last + 1
    taken = ledger.model_copy(update={"last": version})
    write_ledger(taken, folder)
    try:
        add_lock_file(folder, version)
        with new_folder(folder / str(version)) as work:
            _copy(bundle, manifest, work)
            record = _record(version, verify(work), work)
        write_ledger(taken.with_record(record, label), folder)
    except BaseException:
        recover(folder)
        raise
    return version


def _copy(bundle: Path, manifest: Manifest, target: Path) -> None:
    """Copy the files that the manifest names; a link stays one, and verifying then refuses it."""
    for name in (MANIFEST, *manifest.files):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(bundle / name, target / name, follow_symlinks=False)


def _record(version: int, manifest: Manifest, folder: Path) -> Record:
    files = sum(entry.bytes for entry in manifest.files.values())
    return Record(
        version=version,
        manifest_sha256=_sha256(folder),
        bytes=files + (folder / MANIFEST).stat().st_size,
        published=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )


def _sha256(bundle: Path) -> str:
    return hashlib.sha256((bundle / MANIFEST).read_bytes()).hexdigest()


def _move_stable(
    base: Path, name: str, choose: Callable[[Ledger], int], serving_path: str | None
) -> int:
    folder = model_folder(base, name)
    if not (folder / LEDGER).is_file():
        raise ArtifactError(f"no model `{name}` is published under {base}: see `tfrs versions`.")
    with locked(folder):
        ledger = recover(folder)
        write_configs(base, serving_path)
        version = choose(ledger)
        verify(folder / str(version))
        write_ledger(ledger.with_stable(version), folder)
        write_configs(base, serving_path)
    return version


def _canary(ledger: Ledger) -> int:
    if ledger.canary is None:
        raise ArtifactError("there is no canary to promote: publish one with `--canary`.")
    return ledger.canary


def _previous(ledger: Ledger) -> int:
    if not ledger.history:
        raise ArtifactError(
            f"no version was stable before {ledger.stable}; published are "
            f"{_listed(ledger)}: name one of them with `--to`."
        )
    return ledger.history[-1]


def _published(ledger: Ledger, version: int) -> int:
    if version not in ledger.published:
        raise ArtifactError(
            f"`to` must be a published version, got {version}; published are {_listed(ledger)}."
        )
    return version


def _listed(ledger: Ledger) -> str:
    return ", ".join(map(str, ledger.published)) or "none"
