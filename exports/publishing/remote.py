"""Publish bundles to an object store, and move the pointer that says which one answers.

An object appears whole, but there is neither a rename nor a lock: one writer of a model at a time.
"""

from pathlib import Path

from exports.manifest import NAME as MANIFEST
from exports.manifest import verify
from exports.publishing import stored
from exports.publishing.layout import checked_name
from exports.publishing.ledger import Label, Ledger
from exports.publishing.listing import Listed, found, rows
from exports.publishing.object_store import ObjectStore
from exports.publishing.rules import (
    KEEP,
    Choose,
    check_keep,
    check_newest,
    choose_canary,
    choose_earlier,
    new_record,
    unknown_model,
)


def publish(
    bundle: Path,
    store: ObjectStore,
    name: str | None = None,
    *,
    canary: bool = False,
    keep: int = KEEP,
) -> int:
    """Put a bundle at `<base>/<name>/<version>` and let a pointer name it.

    The manifest is put last, then everything is read back and verified, then one put of the ledger
    moves the pointer. Where that fails, the pointer stays and the next publishing removes the rest.

    Args:
        bundle: folder of the bundle.
        store: the base of all published models.
        name: of the model; the manifest's `model_name` by default.
        canary: put the version on trial beside the stable one, instead of in its place.
        keep: newest versions to keep, at least 1; others go when no label has named them while
            `keep` versions came.

    Returns:
        The number of the version.

    Raises:
        ArtifactError: the bundle, what was stored or the ledger is damaged, or another writer has
            changed the ledger meanwhile.
        ConfigError: `name` or `keep` is wrong.
        EnvironmentFault: the store cannot be used.
    """
    check_keep(keep)
    label: Label = "canary" if canary else "stable"
    manifest = verify(bundle)
    model = store.below(checked_name(manifest.model_name if name is None else name))
    ledger = _ledger(model)
    record = new_record(ledger.last + 1, manifest, (bundle / MANIFEST).read_bytes())
    same = ledger.labelled(record.manifest_sha256, label)
    if same is not None:
        return same
    taken = ledger.taking(record.version)
    stored.replace_ledger(model, ledger, taken)
    version = model.below(str(record.version))
    stored.upload(bundle, manifest, version)
    # First, because a writer that has come between removes what was uploaded here.
    stored.check_unchanged(model, taken)
    stored.verify(version, record)
    pointed = taken.with_record(record, label)
    stored.replace_ledger(model, taken, pointed)
    _retain(model, pointed, keep)
    return record.version


def promote(store: ObjectStore, name: str) -> int:
    """Make the canary stable: its version.

    Raises:
        ArtifactError: there is no canary, it is damaged, or the ledger has changed meanwhile.
    """
    return _move_stable(store, name, choose_canary)


def rollback(store: ObjectStore, name: str, to: int | None = None) -> int:
    """Make a published version stable, by default the one that was before the present one.

    Returns:
        The version that is stable now.

    Raises:
        ArtifactError: there is no such version, it is damaged, or the ledger has changed meanwhile.
    """
    return _move_stable(store, name, choose_earlier(to))


def listed(store: ObjectStore, name: str | None = None) -> list[Listed]:
    """The versions of a model, or of all models of a store, by name and number.

    Raises:
        ArtifactError: nothing is published there, or a ledger is damaged.
    """
    names = stored.model_names(store) if name is None else [checked_name(name)]
    ledgers = {each: stored.read_ledger(store.below(each)) for each in names}
    return found(
        [row for each, ledger in ledgers.items() for row in rows(each, ledger, lambda _: None)],
        store.url,
        name,
    )


def _ledger(model: ObjectStore) -> Ledger:
    """The ledger to change, which must not be older than the versions."""
    ledger = stored.read_ledger(model)
    check_newest(ledger, stored.version_numbers(model), model.url)
    return ledger


def _move_stable(store: ObjectStore, name: str, choose: Choose) -> int:
    model = store.below(checked_name(name))
    ledger = _ledger(model)
    if ledger == Ledger():
        raise unknown_model(name, store.url)
    version = choose(ledger)
    stored.verify(model.below(str(version)), ledger.by_version[version])
    stored.replace_ledger(model, ledger, ledger.with_stable(version))
    return version


def _retain(model: ObjectStore, ledger: Ledger, keep: int) -> None:
    """Delete old versions, and what writers that failed have left.

    The ledger was just found unchanged, so nobody else is at work on a number up to its `last`.
    """
    old = ledger.rested(keep)
    kept = ledger.without(old)
    if old:
        stored.replace_ledger(model, ledger, kept)
    for version in stored.version_numbers(model) - set(kept.published):
        if version <= kept.last:
            stored.delete(model.below(str(version)))
