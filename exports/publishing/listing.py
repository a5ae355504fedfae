"""What is published under a base, for people and programs to read."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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
        in_use: whether a reader holds it now; None where that cannot be told.
        bytes: size of its files; 0 when it was deleted.
        manifest_sha256: of its manifest.
    """

    name: str
    version: int
    state: str
    published: str
    in_use: bool | None
    bytes: int
    manifest_sha256: str


def listed(base: Path, name: str | None = None) -> list[Listed]:
    """The versions of a model, or of all models under a base, by name and number.

    Raises:
        ArtifactError: nothing is published there, or a ledger is damaged.
    """
    names = model_names(base) if name is None else [name]
    folders = {each: model_folder(base, each) for each in names}
    return found(
        [
            row
            for each, folder in folders.items()
            for row in rows(each, read_ledger(folder), partial(is_in_use, folder))
        ],
        base,
        name,
    )


def found(listed: list[Listed], base: Path | str, name: str | None) -> list[Listed]:
    """What is listed, if anything.

    Raises:
        ArtifactError: nothing is.
    """
    if not listed:
        what = "nothing" if name is None else f"no version of `{name}`"
        raise ArtifactError(f"{what} is published under {base}: use `tfrs publish`.")
    return listed


def rows(name: str, ledger: Ledger, in_use: Callable[[int], bool | None]) -> list[Listed]:
    """The versions that a ledger records."""
    return [_row(name, ledger, record, in_use(record.version)) for record in ledger.records]


def _row(name: str, ledger: Ledger, record: Record, in_use: bool | None) -> Listed:
    labels = {ledger.stable: "stable", ledger.canary: "canary"}
    return Listed(
        name=name,
        version=record.version,
        state=labels.get(record.version, record.state),
        published=record.published,
        in_use=in_use,
        bytes=record.bytes if record.state == "published" else 0,
        manifest_sha256=record.manifest_sha256,
    )
