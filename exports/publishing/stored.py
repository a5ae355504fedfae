"""What an object store holds of a model: its ledger, and versions that are verified."""

import hashlib
from pathlib import Path, PurePosixPath

from configs.errors import ArtifactError
from exports.manifest import NAME as MANIFEST
from exports.manifest import Manifest, check_files, check_names, parse_manifest
from exports.publishing.layout import LEDGER, is_name, is_version
from exports.publishing.ledger import Ledger, Record, ledger_text, parse_ledger
from exports.publishing.object_store import ObjectStore

_SAVED_MODEL = "saved_model.pb"


def model_names(store: ObjectStore) -> list[str]:
    """The models below a base that have a ledger, sorted."""
    names = [name for name in store.folders() if is_name(name)]
    return [name for name in names if store.below(name).read(LEDGER) is not None]


def read_ledger(model: ObjectStore) -> Ledger:
    """The ledger of a model; an empty one where nothing was published yet.

    Raises:
        ArtifactError: it is damaged, or of another format.
    """
    content = model.read(LEDGER)
    return Ledger() if content is None else parse_ledger(content, f"{model.url}/{LEDGER}")


def replace_ledger(model: ObjectStore, former: Ledger, ledger: Ledger) -> None:
    """Put a ledger in the place of the one that it was made from.

    The store has no lock: a writer that comes between the look and the put is not noticed here.

    Raises:
        ArtifactError: there is another by now.
    """
    check_unchanged(model, former)
    model.write(LEDGER, ledger_text(ledger).encode())


def check_unchanged(model: ObjectStore, former: Ledger) -> None:
    """Look whether the ledger is still the one that was read.

    Raises:
        ArtifactError: there is another by now.
    """
    if read_ledger(model) != former:
        raise ArtifactError(
            f"{model.url}/{LEDGER} has changed since this command read it, so it was left alone: "
            "let one writer at a time publish a model, look with `tfrs versions`, and run the "
            "command again."
        )


def version_numbers(model: ObjectStore) -> set[int]:
    """The versions of which there is any object, recorded or not."""
    return {int(name) for name in model.folders() if is_version(name)}


def upload(bundle: Path, manifest: Manifest, version: ObjectStore) -> None:
    """Put a bundle's files: data, then what servers tell a model by, and the manifest last."""
    files = sorted(manifest.files, key=lambda name: PurePosixPath(name).name == _SAVED_MODEL)
    for name in (*files, MANIFEST):
        version.upload(bundle / name, name)


def verify(version: ObjectStore, record: Record) -> None:
    """Read a version from the store and check it as a bundle is checked.

    Raises:
        ArtifactError: names the object and the way out.
    """
    manifest = _manifest(version, record)
    check_files(manifest, _files(version), version.entry, version.url)


def download(version: ObjectStore, record: Record, folder: Path) -> None:
    """Get a version's files; whether their content is right is for the caller to verify.

    Raises:
        ArtifactError: the version is not whole, or not the one of the record.
    """
    manifest = _manifest(version, record)
    # Before anything is written: a name could lead out of the folder.
    check_names(manifest, _files(version), version.url)
    for name in (MANIFEST, *manifest.files):
        version.download(name, folder / name)


def delete(version: ObjectStore) -> None:
    """Delete a version, the manifest first: without it the version is not there."""
    for name in sorted(version.names(), key=lambda name: name != MANIFEST):
        version.delete(name)


def _files(version: ObjectStore) -> set[str]:
    return set(version.names()) - {MANIFEST}


def _manifest(version: ObjectStore, record: Record) -> Manifest:
    where = f"{version.url}/{MANIFEST}"
    content = version.read(MANIFEST)
    if content is None or hashlib.sha256(content).hexdigest() != record.manifest_sha256:
        fault = "is missing" if content is None else "is not the one that its ledger names"
        raise ArtifactError(
            f"{where} {fault}: publish the bundle again, or move the label with `tfrs rollback "
            "--to`."
        )
    return parse_manifest(content, where)
