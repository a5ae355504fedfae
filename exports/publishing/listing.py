"""What is published under a base, for people and programs to read."""

from dataclasses import dataclass
from pathlib import Path

from configs.errors import ArtifactError
from exports.publishing.in_use import is_in_use
from exports.publishing.layout import model_folder, model_names
from exports.publishing.ledger import Ledger, Record, read_ledger


@dataclass(frozen=True)
class Listed:
    """One version of one model.

    Attributes:
        name: of the model.
        version: number.
        state: `stable`, `canary`, `published` or `deleted`.
        published: when, ISO 8601 in UTC.
        in_use: whether a reader holds it now.
        bytes: size of its files; 0 when it was deleted.
        manifest_sha256: of its manifest.
    """

    name: str
    version: int
    state: str
    published: str
    in_use: bool
    bytes: int
    manifest_sha256: str


def listed(base: Path, name: str | None = None) -> list[Listed]:
    """The versions of a model, or of all models under a base, by name and number.

    Raises:
        ArtifactError: nothing is published there, or a ledger is damaged.
    """
    names = model_names(base) if name is None else [name]
    found = [one for each in names for one in _versions(model_folder(base, each), each)]
    if not found:
        what = "nothing" if name is None else f"no version of `{name}`"
        raise ArtifactError(f"{what} is published under {base}: use `tfrs publish`.")
    return found


def _versions(folder: Path, name: str) -> list[Listed]:
    ledger = read_ledger(folder)
    return [_listed(folder, name, ledger, record) for record in ledger.records]


def _listed(folder: Path, name: str, ledger: Ledger, record: Record) -> Listed:
    labels = {ledger.stable: "stable", ledger.canary: "canary"}
    return Listed(
        name=name,
        version=record.version,
        state=labels.get(record.version, record.state),
        published=record.published,
        in_use=is_in_use(folder, record.version),
        bytes=record.bytes if record.state == "published" else 0,
        manifest_sha256=record.manifest_sha256,
    )
