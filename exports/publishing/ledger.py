"""The ledger of a model: which versions there are, and which of them is stable."""

from collections.abc import Collection
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from configs.section import Section
from exports.publishing.layout import LEDGER
from exports.versioned import parse_versioned
from tfrs_models.durable import write_text

FORMAT = 1
Label = Literal["stable", "canary"]


class Record(Section):
    """One version."""

    version: int = Field(ge=1)
    """Number, and name of its folder."""
    manifest_sha256: str
    """SHA-256 of its manifest, which holds those of all other files."""
    bytes: int
    """Size of all its files."""
    published: str
    """When, ISO 8601 in UTC."""
    state: Literal["published", "deleted"] = "published"
    """Whether its folder is still there."""
    unpointed: int = Field(default=0, ge=0)
    """The ledger's `last` when a label left it; 0 as long as none has."""


class Ledger(Section):
    """All versions of a model. Numbers are given out once and never again."""

    format: int = FORMAT
    """Version of this file's layout; a program reads exactly one."""
    last: int = Field(default=0, ge=0)
    """The number given out last, whether or not its version was completed."""
    records: tuple[Record, ...] = ()
    """Completed versions, by number."""
    stable: int | None = None
    """The version that answers."""
    canary: int | None = None
    """The version on trial beside it."""
    history: tuple[int, ...] = ()
    """Versions that were stable before, oldest first: where one can roll back to."""

    @model_validator(mode="after")
    def _check_versions(self) -> Self:
        numbers = [record.version for record in self.records]
        if numbers != sorted(set(numbers)) or any(number > self.last for number in numbers):
            raise ValueError(f"`records` must have rising versions up to `last` = {self.last}")
        pointed = {self.stable, self.canary, *self.history} - {None}
        if not pointed <= set(self.published):
            raise ValueError("`stable`, `canary` and `history` must name published versions")
        return self

    @property
    def published(self) -> tuple[int, ...]:
        """The versions whose folders are there, by number."""
        return tuple(one.version for one in self.records if one.state == "published")

    @property
    def by_version(self) -> dict[int, Record]:
        """The records, of deleted versions too."""
        return {one.version: one for one in self.records}

    def pointed(self, label: Label) -> int | None:
        """The version that a label names."""
        return {"stable": self.stable, "canary": self.canary}[label]

    def labelled(self, manifest_sha256: str, label: Label) -> int | None:
        """The version with this manifest, if it is stable or has the label."""
        versions = (self.stable, self.pointed(label))
        same = [one for one in self.records if one.manifest_sha256 == manifest_sha256]
        return next((one.version for one in same if one.version in versions), None)

    def taking(self, version: int) -> Self:
        """The ledger after a number was given out."""
        return self.model_copy(update={"last": max(self.last, version)})

    def with_record(self, record: Record, label: Label) -> Self:
        """The ledger with a version that has come, or come back, under a label."""
        others = (one for one in self.records if one.version != record.version)
        records = tuple(sorted((*others, record), key=lambda one: one.version))
        added = self.model_copy(update={"records": records})
        if label == "canary":
            return added._pointing(canary=record.version)
        return added.with_stable(record.version)

    def with_stable(self, version: int) -> Self:
        """The ledger after `stable` has moved; a move back forgets what came after."""
        canary = None if version == self.canary else self.canary
        history = self.history
        if version in history:
            history = history[: history.index(version)]
        elif self.stable is not None and version != self.stable:
            history = (*history, self.stable)
        return self._pointing(stable=version, canary=canary, history=history)

    def _pointing(self, **pointers: object) -> Self:
        """The ledger with other pointers; the records that lost theirs say when."""
        after = self.model_copy(update=pointers)
        lost = {self.stable, self.canary} - {after.stable, after.canary}
        records = tuple(
            one.model_copy(update={"unpointed": self.last}) if one.version in lost else one
            for one in after.records
        )
        return after.model_copy(update={"records": records})

    def surplus(self, keep: int) -> list[int]:
        """Versions beyond the newest `keep` that are neither pointed at nor the way back."""
        needed = {self.stable, self.canary, *self.history[-1:]}
        return [version for version in self.published[:-keep] if version not in needed]

    def rested(self, keep: int) -> list[int]:
        """Of the surplus, those that no label has named while the last `keep` versions came."""
        records = self.by_version
        return [
            version
            for version in self.surplus(keep)
            if sum(other > records[version].unpointed for other in records) >= keep
        ]

    def without(self, versions: Collection[int]) -> Self:
        """The ledger after versions were deleted; their records stay."""
        records = tuple(
            one.model_copy(update={"state": "deleted"}) if one.version in versions else one
            for one in self.records
        )
        history = tuple(version for version in self.history if version not in versions)
        return self.model_copy(update={"records": records, "history": history})


def read_ledger(folder: Path) -> Ledger:
    """The ledger of a model's folder; an empty one where nothing was published yet.

    Raises:
        ArtifactError: it is damaged, or of another format.
    """
    try:
        return parse_ledger((folder / LEDGER).read_bytes(), str(folder / LEDGER))
    except FileNotFoundError:
        return Ledger()


def parse_ledger(content: bytes, where: str) -> Ledger:
    """The ledger that a file or object at `where` holds.

    Raises:
        ArtifactError: it is damaged, or of another format.
    """
    elsewhere = "or publish to another folder"
    return parse_versioned(
        content,
        where,
        Ledger,
        FORMAT,
        another=f"use the program that wrote it, {elsewhere}",
        damaged=f"put it back from a copy, {elsewhere}",
    )


def write_ledger(ledger: Ledger, folder: Path) -> None:
    """Replace the ledger at once. Hold the folder's lock."""
    write_text(folder / LEDGER, ledger_text(ledger))


def ledger_text(ledger: Ledger) -> str:
    """A ledger as it is stored."""
    return ledger.model_dump_json(indent=2) + "\n"
