"""What the steps read of all items, from an Arrow table: the same offline and in the server."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import ConfigError, DataError
from tfrs_models.reranking.candidates import Candidates
from tfrs_models.reranking.column import Column, name_of
from tfrs_models.reranking.needs import Needs

POPULARITY = "popularity"
FIRST_EVENT = "first_event"
"""The time of an item's first event, seconds since 1970 UTC."""

_MISSING_TIME = -1
_SECONDS_A_DAY = 86_400
_NOTHING = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Catalogue:
    """All items; position i is row i of the item table.

    Attributes:
        size: how many.
        columns: the categorical columns that are needed.
        vectors: float32 [size, D], may be memory-mapped.
        popularity: float64 [size].
        times: by column, int64 [size], seconds since 1970 UTC; -1 where there is none.
    """

    size: int
    columns: Mapping[str, Column] = field(default_factory=dict)
    vectors: NDArray[np.float32] | None = None
    popularity: NDArray[np.float64] | None = None
    times: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)

    def candidates(
        self,
        items: NDArray[np.int64],
        scores: NDArray[np.floating],
        history: NDArray[np.int64] = _NOTHING,
        now: float = 0.0,
    ) -> Candidates:
        """The candidates of one request.

        Args:
            items: int64 [N], positions, best first.
            scores: [N], falling.
            history: int64 [H], positions of the user's history, oldest first.
            now: time of the request, seconds since 1970 UTC; a later time of an item is not known.
        """
        return Candidates(
            items=items,
            scores=scores.astype(np.float64),
            columns={name: column.take(items) for name, column in self.columns.items()},
            vectors=None if self.vectors is None else self.vectors[items],
            popularity=None if self.popularity is None else self.popularity[items],
            ages={name: _ages(times[items], now) for name, times in self.times.items()},
            history={name: column.take(history) for name, column in self.columns.items()},
        )


def _ages(times: NDArray[np.int64], now: float) -> NDArray[np.float64]:
    known = (times != _MISSING_TIME) & (times <= now)
    return np.where(known, (now - times) / _SECONDS_A_DAY, np.nan)


def read_catalogue(
    table: Any,
    needs: Needs,
    separators: Mapping[str, str],
    vectors: NDArray[np.float32] | None,
) -> Catalogue:
    """What is needed of an item table.

    Args:
        table: a `pyarrow.Table`, one row an item.
        needs: what the steps read.
        separators: between the values of the text columns that hold several.
        vectors: float32 [rows, D], kept when they are needed.

    Raises:
        ConfigError: a step reads a column that the table does not have.
        DataError: a column that holds no times or numbers where a step needs them.
    """
    check_columns(needs, table.column_names)
    times = {name: _seconds(name, table.column(name)) for name in sorted(needs.times)}
    return Catalogue(
        size=table.num_rows,
        columns={n: read_column(table.column(n), separators.get(n)) for n in sorted(needs.columns)},
        vectors=vectors if needs.vectors else None,
        popularity=_popularity(table.column(POPULARITY)) if needs.popularity else None,
        times=times,
    )


def check_columns(needs: Needs, names: Sequence[str]) -> None:
    """Check that the item table has what the steps read.

    Raises:
        ConfigError: names the column, and the nearest one.
    """
    wanted = needs.columns | needs.times | ({POPULARITY} if needs.popularity else set())
    for name in sorted(wanted - set(names)):
        near = difflib.get_close_matches(name, names, n=1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        raise ConfigError(
            f"`reranking.steps` read the column `{name}` of the items, which is not there.{hint} "
            f"Columns: {', '.join(names)}."
        )


def read_column(column: Any, separator: str | None) -> Column:
    """The values of an Arrow column of texts, numbers or lists; a separator stands in texts."""
    values = (value if isinstance(value, list) else (value,) for value in column.to_pylist())
    return Column.of(values if separator is None else (_parts(v, separator) for v in values))


def _parts(values: Iterable[Any], separator: str) -> Iterator[str]:
    """The pieces as the feature type `multi_valued` sees them."""
    for value in values:
        if value is not None:
            yield from (piece.strip() for piece in name_of(value).split(separator))


def _popularity(column: Any) -> NDArray[np.float64]:
    try:
        counts = column.cast("float64").fill_null(0).to_numpy()
    except ValueError as error:  # pyarrow.ArrowInvalid is one
        raise _wrong(POPULARITY, "numbers", column) from error
    return np.where(counts > 0, counts, 0.0)  # NaN compares false


def _seconds(name: str, column: Any) -> NDArray[np.int64]:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("us")).cast("int64")
        known = column.is_valid().to_numpy()
        return np.where(known, column.fill_null(0).to_numpy() // 1_000_000, _MISSING_TIME)
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise _wrong(name, "times or seconds since 1970 UTC", column)
    seconds = column.cast("float64").fill_null(np.nan).to_numpy()
    return np.where(np.isfinite(seconds), seconds, _MISSING_TIME).astype(np.int64)


def _wrong(name: str, wanted: str, column: Any) -> DataError:
    return DataError(
        f"`reranking.steps` read {wanted} from the column `{name}` of the items, which holds "
        f"{column.type}: mend the column, or name another one."
    )
