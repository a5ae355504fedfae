"""Features as a server logged them, in the form in which training reads its own.

Legend: N logged requests, T items of their histories.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from configs.errors import DataError
from tfrs_models.features.columns import convert, unmet_need
from tfrs_models.features.history import HISTORY
from tfrs_models.features.spec import RawInput
from tfrs_models.metrics.rows import Rows
from trainers.retraining.skew.inputs import KEY, RequestInputs, listed

if TYPE_CHECKING:
    import pyarrow as pa

_FORM = "write one row for each request, with its raw inputs under their names, as Parquet"


@dataclass(frozen=True)
class Served:
    """A log of served features.

    Attributes:
        features: `request_id` and the inputs that every file holds, one row for each request.
        inputs: those inputs.
        unread: other columns.
    """

    features: "pa.Table"
    inputs: RequestInputs
    unread: tuple[str, ...]


def read_served(pattern: str, inputs: RequestInputs, known: "pa.Array") -> Served:
    """Read a log of served features.

    Args:
        pattern: a Parquet file, a folder with such files at any depth, or a glob.
        inputs: of a request.
        known: texts, the items that the models know; a history's others are passed over, as the
            models do.

    Raises:
        DataError: there is no file, one cannot be read or has no `request_id`, or a column does not
            hold what the models read.
    """
    import pyarrow as pa

    paths = _files(pattern)
    columns = [_columns(path) for path in paths]
    shared = set(columns[0]).intersection(*columns)
    held = _held(inputs, shared)
    parts = [_features(_read(path, held), path, held, known) for path in paths]
    names = {KEY.name, *inputs.names}
    unread = dict.fromkeys(name for one in columns for name in one if name not in names)
    features = pa.concat_tables(parts)
    if not len(features):
        raise DataError(f"`--logged`: the files of `{pattern}` hold no row. Give others.")
    return Served(features, held, tuple(unread))


def _files(pattern: str) -> list[Path]:
    path = Path(pattern).expanduser()
    if path.is_file():
        return [path]
    inside = path / "**/*.parquet" if path.is_dir() else path
    anchor = Path(inside.anchor)
    found = sorted(anchor.glob(str(inside.relative_to(anchor)))) if inside.name else []
    files = [one for one in found if one.is_file()]
    if not files:
        raise DataError(
            f"`--logged`: no file matches `{pattern}`. Give a Parquet file, a folder that holds "
            "some, or a glob in quotes such as 'served/*.parquet'."
        )
    return files


def _columns(path: Path) -> list[str]:
    """Names of a file's columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        names: list[str] = pq.read_schema(path).names
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"`{path}` cannot be read as Parquet: {error}. {_FORM.capitalize()}."
        ) from error
    if KEY.name not in names:
        raise DataError(
            f"`{path}` has no column `{KEY.name}`, it has {', '.join(names)}: {_FORM}, and the id "
            "that the events of the request carry too."
        )
    return names


def _held(inputs: RequestInputs, names: set[str]) -> RequestInputs:
    """The inputs among the names; without its items nobody knows what else a history holds."""
    plain = tuple(one for one in inputs.plain if one.name in names)
    lists = tuple(one for one in inputs.lists if {one.name, HISTORY} <= names)
    return replace(inputs, plain=plain, lists=lists)


def _read(path: Path, inputs: RequestInputs) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path, columns=[KEY.name, *inputs.names], partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"`{path}` is damaged: {error}. Leave it out, or write it again."
        ) from error


def _features(
    stored: "pa.Table", path: Path, inputs: RequestInputs, known: "pa.Array"
) -> "pa.Table":
    import pyarrow as pa

    for one in (KEY, *inputs.plain):
        _check(one, stored.schema.field(one.name).type, path)
    plain = {
        one.name: convert(stored[one.name].combine_chunks(), one) for one in (KEY, *inputs.plain)
    }
    return pa.table(plain | _histories(stored, path, inputs, known))


def _check(column: RawInput, found: Any, path: Path) -> None:
    needs = unmet_need(found, column)
    if needs is not None:
        raise DataError(
            f"`{path}`: the column `{column.name}` holds {found}, and the models read {needs}: log "
            "what is sent to them."
        )


def _histories(
    stored: "pa.Table", path: Path, inputs: RequestInputs, known: "pa.Array"
) -> "dict[str, pa.ListArray]":
    """The latest known items of each history, with what they carry."""
    import pyarrow.compute as pc

    if not inputs.lists:
        return {}
    lists = {one.name: _list(stored, one, path) for one in inputs.lists}
    lengths = {name: pc.fill_null(pc.list_value_length(one), 0) for name, one in lists.items()}
    _check_lengths(lengths, stored, path)
    values = {one.name: convert(pc.list_flatten(lists[one.name]), one) for one in inputs.lists}
    indptr = np.concatenate([[0], np.cumsum(lengths[HISTORY].to_numpy())]).astype(np.int64)
    every = Rows(indptr, np.arange(indptr[-1], dtype=np.int32))
    read = every.where(pc.is_in(values[HISTORY], value_set=known).to_numpy(zero_copy_only=False))
    return listed(read.latest(np.full(len(every), inputs.length)), values)


def _list(stored: "pa.Table", column: RawInput, path: Path) -> Any:
    from pyarrow import types

    found = stored[column.name]
    of_values = getattr(found.type, "value_type", None)
    if types.is_dictionary(found.type) or of_values is None:
        raise DataError(
            f"`{path}`: the column `{column.name}` holds {found.type}, and a history is a list: "
            "log what is sent to the models."
        )
    _check(column, of_values, path)
    return found.combine_chunks()


def _check_lengths(lengths: Mapping[str, Any], stored: "pa.Table", path: Path) -> None:
    """Lists that belong to a history are as long as it."""
    import pyarrow.compute as pc

    for name, own in lengths.items():
        place = pc.index(pc.equal(own, lengths[HISTORY]), False).as_py()
        if place >= 0:
            raise DataError(
                f"`{path}`: the request {stored[KEY.name][place].as_py()!r} has "
                f"{lengths[HISTORY][place].as_py()} items in `{HISTORY}` and "
                f"{own[place].as_py()} in `{name}`, which go together: log both as they are sent."
            )
