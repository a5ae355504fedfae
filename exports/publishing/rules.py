"""What is decided alike whether versions lie in a folder or in an object store."""

import datetime
import hashlib
from collections.abc import Callable, Collection
from pathlib import Path

from configs.errors import ArtifactError, ConfigError
from exports.manifest import Manifest
from exports.publishing.layout import LEDGER
from exports.publishing.ledger import Ledger, Record

KEEP = 5

Choose = Callable[[Ledger], int]


def check_keep(keep: int) -> None:
    """Refuse to keep nothing.

    Raises:
        ConfigError: `keep` is below 1.
    """
    if keep < 1:
        raise ConfigError(f"`keep` must be at least 1, got {keep}: keep one or more versions.")


def check_newest(ledger: Ledger, versions: Collection[int], model: Path | str) -> None:
    """Refuse a ledger that is older than the versions beside it.

    Raises:
        ArtifactError: a version has a number that the ledger has not given out.
    """
    newest = max(versions, default=0)
    if newest > ledger.last:
        raise ArtifactError(
            f"{model} holds version {newest}, but `last` of its {LEDGER} is {ledger.last}, so the "
            "ledger is lost or older than the versions: put the newest one back, or publish to "
            "another folder."
        )


def new_record(version: int, manifest: Manifest, content: bytes) -> Record:
    """The record of a version that is complete now.

    Args:
        version: its number.
        manifest: its manifest.
        content: the file of the manifest.
    """
    return Record(
        version=version,
        manifest_sha256=hashlib.sha256(content).hexdigest(),
        bytes=sum(entry.bytes for entry in manifest.files.values()) + len(content),
        published=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )


def unknown_model(name: str, base: Path | str) -> ArtifactError:
    """The error where a model has no ledger."""
    return ArtifactError(f"no model `{name}` is published under {base}: see `tfrs versions`.")


def choose_canary(ledger: Ledger) -> int:
    """The version that promoting makes stable.

    Raises:
        ArtifactError: there is no canary.
    """
    if ledger.canary is None:
        raise ArtifactError("there is no canary to promote: publish one with `--canary`.")
    return ledger.canary


def choose_earlier(to: int | None) -> Choose:
    """How rolling back chooses: a published version, or the one that was stable before."""
    return _previous if to is None else (lambda ledger: _published(ledger, to))


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
