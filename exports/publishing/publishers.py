"""The two kinds of bases behind the same commands: a folder, or a place in an object store."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from configs.errors import ConfigError
from exports.publishing import listing, remote, store, stored
from exports.publishing.layout import model_folder, model_names
from exports.publishing.ledger import Ledger, read_ledger
from exports.publishing.listing import Listed
from exports.publishing.object_store import ObjectStore, open_store


@dataclass(frozen=True)
class Publisher:
    """What the commands do with one base.

    Attributes:
        names: the models that have a ledger, sorted.
        ledger: of a model, by its name.
        listed: the versions of a model, or of all where the name is None.
        publish: a bundle, with `name`, `canary` and `keep`: the number of its version.
        promote: the canary of a model: its number.
        rollback: a model, to a version or to the one before: its number.
    """

    names: Callable[[], list[str]]
    ledger: Callable[[str], Ledger]
    listed: Callable[[str | None], list[Listed]]
    publish: Callable[..., int]
    promote: Callable[[str], int]
    rollback: Callable[[str, int | None], int]


def publisher(base: Path | str, serving_path: str | None = None) -> Publisher:
    """Who publishes to a base: a folder is a path, an object store an address.

    Raises:
        ConfigError: `serving_path` for an object store, or an address with an unknown protocol.
        EnvironmentFault: a package for the store is not installed.
    """
    if isinstance(base, Path):
        return _to_folder(base, serving_path)
    if serving_path is not None:
        raise ConfigError(
            f"`--serving-path` goes with a folder, the base is {base}: leave it out here, and give "
            "it to `tfrs fetch`."
        )
    return _to_store(open_store(base))


def _to_folder(base: Path, serving_path: str | None) -> Publisher:
    return Publisher(
        names=partial(model_names, base),
        ledger=lambda name: read_ledger(model_folder(base, name)),
        listed=partial(listing.listed, base),
        publish=partial(store.publish, base=base, serving_path=serving_path),
        promote=partial(store.promote, base, serving_path=serving_path),
        rollback=partial(store.rollback, base, serving_path=serving_path),
    )


def _to_store(at: ObjectStore) -> Publisher:
    return Publisher(
        names=partial(stored.model_names, at),
        ledger=lambda name: stored.read_ledger(at.below(name)),
        listed=partial(remote.listed, at),
        publish=partial(remote.publish, store=at),
        promote=partial(remote.promote, at),
        rollback=partial(remote.rollback, at),
    )
