"""Fetch the stable version of an object store into a folder, from which servers read as usual."""

from pathlib import Path

from configs.errors import ArtifactError
from exports.manifest import verify
from exports.publishing import stored
from exports.publishing.adding import add
from exports.publishing.cleanup import recover, retain
from exports.publishing.layout import model_folder
from exports.publishing.ledger import Ledger, Record, write_ledger
from exports.publishing.object_store import ObjectStore
from exports.publishing.rules import KEEP, check_keep
from exports.publishing.tensorflow_serving import write_configs
from tfrs_models.durable import locked


def fetch(
    store: ObjectStore,
    name: str,
    base: Path,
    *,
    keep: int = KEEP,
    serving_path: str | None = None,
) -> int:
    """Make the stable version of a store the stable one of a local base, with the same number.

    A version that is there already is not read from the store again. The local folder is as if the
    version were published to it: it appears whole, readers hold it, old versions are deleted.

    Args:
        store: the base in the object store.
        name: of the model.
        base: the local folder of published models; only fetch into it.
        keep: newest versions to keep in it, at least 1.
        serving_path: `base` as TensorFlow Serving sees it; the same by default.

    Returns:
        The number of the version.

    Raises:
        ArtifactError: the store has no stable version, it or a ledger is damaged, or the base holds
            another version of that number.
        ConfigError: `name` or `keep` is wrong.
    """
    check_keep(keep)
    folder = model_folder(base, name)
    model = store.below(name)
    record = _stable(model)
    with locked(folder):
        ledger = recover(folder)
        _check_same(ledger, record, folder, model)
        write_configs(base, serving_path)
        if ledger.stable != record.version:
            _move(model, record, ledger, folder)
            write_configs(base, serving_path)
            retain(folder, keep)
    return record.version


def _stable(model: ObjectStore) -> Record:
    ledger = stored.read_ledger(model)
    if ledger.stable is None:
        raise ArtifactError(
            f"{model.url} has no stable version: publish one with `tfrs publish`, or see "
            "`tfrs versions`."
        )
    return ledger.by_version[ledger.stable]


def _check_same(ledger: Ledger, record: Record, folder: Path, model: ObjectStore) -> None:
    known = ledger.by_version.get(record.version)
    if known is not None and known.manifest_sha256 != record.manifest_sha256:
        raise ArtifactError(
            f"version {record.version} of {folder} is not the one of {model.url}: fetch to a base "
            "that nothing else is published to, one for each store."
        )


def _move(model: ObjectStore, record: Record, ledger: Ledger, folder: Path) -> None:
    if record.version in ledger.published:
        verify(folder / str(record.version))
        write_ledger(ledger.with_stable(record.version), folder)
    else:
        add(folder, ledger, record.version, "stable", lambda work: _fill(model, record, work))


def _fill(model: ObjectStore, record: Record, work: Path) -> Record:
    stored.download(model.below(str(record.version)), record, work)
    verify(work)
    return record
