"""The manifest: what a bundle is, and the hash of every file in it."""

import hashlib
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from configs.errors import ArtifactError
from configs.reranking import RerankingConfig
from configs.section import Section
from exports.contest import Contest
from exports.versioned import parse_versioned

FORMAT = 1
NAME = "manifest.json"

_BLOCK_BYTES = 1 << 20


class FileEntry(Section):
    """One file of a bundle."""

    sha256: str
    """64 hexadecimal digits."""
    bytes: int
    """Size."""


class Rows(Section):
    """How many rows of each table are behind a bundle."""

    users: int
    """Users of the log."""
    items: int
    """Items of the catalogue, all of them candidates."""
    events: int
    """Events of all parts of the split."""


class Manifest(Section):
    """What a bundle is."""

    format: int = FORMAT
    """Version of the layout; a program reads exactly one."""
    model_name: str
    """Name of the run."""
    created: str
    """When the bundle was written, ISO 8601 in UTC."""
    data_window: tuple[str, str]
    """First and last event behind the bundle, ISO 8601 in UTC."""
    config_fingerprint: str
    """SHA-256 of the resolved configuration."""
    dataset_fingerprint: str
    """SHA-256 of the data settings and the source's content."""
    schema_fingerprint: str
    """SHA-256 of what the models read: names, types, columns and dtypes of the features."""
    parents: tuple[str, ...] = ()
    """SHA-256 of the manifests of the bundles whose training this one continues."""
    rows: Rows
    """Rows of the data."""
    versions: Mapping[str, str]
    """Versions of the libraries that wrote it."""
    index: str
    """Type of the index, and its folder below `index/`."""
    index_recall: float
    """Recall of the index against the exact one, on real queries."""
    index_contest: Contest | None = None
    """All that were measured when `export.index.type` was `auto`, and which was taken."""
    candidates: int
    """Candidates retrieved and ranked for each request."""
    exclude_seen: bool
    """Whether the items a user has seen stay out of the recommendations."""
    reranking: RerankingConfig = RerankingConfig()
    """What is changed in the order of the ranked candidates."""
    separators: Mapping[str, str] = {}
    """Between the values of the item columns that hold several in one text."""
    files: Mapping[str, FileEntry] = {}
    """Every other file, by its path in the bundle."""


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Hash every file below a folder and write the manifest beside them."""
    files = {name: _entry(path) for name, path in _files(folder).items()}
    complete = manifest.model_copy(update={"files": files})
    (folder / NAME).write_text(complete.model_dump_json(indent=2) + "\n", encoding="utf-8")


def manifest_sha256(folder: Path) -> str:
    """SHA-256 of a bundle's manifest, which holds those of all its other files."""
    return hashlib.sha256((folder / NAME).read_bytes()).hexdigest()


def bytes_on_disk(folder: Path) -> int:
    """Size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def verify(folder: Path) -> Manifest:
    """Check a bundle: every hash right, no file missing, none too many, a layout that is known.

    Raises:
        ArtifactError: names the file and the way out.
    """
    manifest = read_manifest(folder)
    found = _files(folder)
    check_files(manifest, found.keys(), lambda name: _entry(found[name]), str(folder))
    return manifest


def check_files(
    manifest: Manifest, names: AbstractSet[str], entry: Callable[[str], FileEntry], where: str
) -> None:
    """Compare a bundle's files, wherever they lie, with its manifest.

    Args:
        manifest: of the bundle.
        names: of the files that are there, without the manifest.
        entry: size and hash of a file that is there.
        where: the bundle, for the message.

    Raises:
        ArtifactError: names the file and the way out.
    """
    check_names(manifest, names, where)
    changed = [name for name in names if entry(name) != manifest.files[name]]
    _refuse(sorted(changed), where, "does not have the hash of its manifest")


def check_names(manifest: Manifest, names: AbstractSet[str], where: str) -> None:
    """Refuse files that are missing or too many, and names that lead out of the bundle.

    Raises:
        ArtifactError: names the file and the way out.
    """
    listed = manifest.files.keys()
    _refuse([name for name in listed if not _inside(name)], where, "lies outside of it")
    _refuse(sorted(listed - names), where, "is missing")
    _refuse(sorted(names - listed), where, "is not in its manifest")


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a bundle without checking the other files.

    Raises:
        ArtifactError: there is none, it is damaged, or it has another version.
    """
    try:
        return parse_manifest((folder / NAME).read_bytes(), str(folder / NAME))
    except FileNotFoundError as error:
        raise ArtifactError(
            f"{folder} is no bundle: it has no {NAME}. Give the `bundle` folder of a finished run."
        ) from error


def parse_manifest(content: bytes, where: str) -> Manifest:
    """The manifest that a file or object at `where` holds.

    Raises:
        ArtifactError: it is damaged, or it has another version.
    """
    return parse_versioned(
        content,
        where,
        Manifest,
        FORMAT,
        another="export the bundle again with this program, or serve it with the one that wrote it",
        damaged="copy or export the bundle again",
    )


def file_entry(file: BinaryIO) -> FileEntry:
    """Size and hash of an open file, which is read to its end."""
    digest = hashlib.sha256()
    size = 0
    while block := file.read(_BLOCK_BYTES):
        digest.update(block)
        size += len(block)
    return FileEntry(sha256=digest.hexdigest(), bytes=size)


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and path.as_posix() == name


def _files(folder: Path) -> dict[str, Path]:
    paths = [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
    _refuse([str(p.relative_to(folder)) for p in paths if p.is_symlink()], str(folder), "is a link")
    # A named pipe, say, would be waited for.
    odd = [str(path.relative_to(folder)) for path in paths if not path.is_file()]
    _refuse(odd, str(folder), "is no regular file")
    return {path.relative_to(folder).as_posix(): path for path in paths if path != folder / NAME}


def _refuse(names: list[str], where: str, fault: str) -> None:
    if names:
        more = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
        raise ArtifactError(
            f"the file `{names[0]}`{more} of the bundle {where} {fault}: copy the bundle again "
            "from where it was published, or export it again."
        )


def _entry(path: Path) -> FileEntry:
    with path.open("rb") as file:
        return file_entry(file)
