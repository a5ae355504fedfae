"""What the request model of a bundle answers to the queries of a window.

It searches exactly and re-ranks nothing, unlike the server of this project.

Legend: Q queries, K length of the lists.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.features import Table
from exports.loader import Input, LoadedModel, load_model
from exports.raw import missing_rows, raw_columns
from exports.requests.asked import asked_rows
from exports.tables import raw_table
from exports.user_rows import padded
from tfrs_models.data.dataset import FIRST_ROW, PreparedDataset
from tfrs_models.data.rows import read_vocabulary
from tfrs_models.evaluation.queries import Queries
from tfrs_models.features.history import HISTORY, REQUEST_TIME, TIME, TYPE
from tfrs_models.features.spec import FeatureSpec
from tfrs_models.features.tables import MICROSECONDS_A_SECOND, table_path
from tfrs_models.metrics.rows import Rows

_BLOCK = 256
_TEXTS = Input("string", (None, None))

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class OpenBundle:
    """A bundle and the queries of a dataset, in the form that it takes.

    Attributes:
        model: the request model.
        raw: makes its inputs.
        ids: of the items of the dataset, by row; see `item_ids`.
    """

    model: LoadedModel
    raw: "RawQueries"
    ids: list[str]


@contextmanager
def open_bundle(
    bundle: Path, dataset: PreparedDataset, k: int, exclude_seen: bool
) -> Iterator[OpenBundle]:
    """Load a bundle until the block ends.

    Args:
        bundle: any bundle, of whatever rows and vocabularies.
        dataset: holds the users, items and events that queries name.
        k: items that are asked for.
        exclude_seen: whether what a user took before stays out.
    """
    ids, spec = item_ids(dataset), FeatureSpec.load(bundle / "features")
    with closing(load_model(bundle)) as model:
        raw = RawQueries(model.inputs, spec, dataset, ids, k, exclude_seen)
        yield OpenBundle(model, raw, ids)


def ask_bundle(
    bundle: OpenBundle, queries: Queries, without: Sequence[str] = ()
) -> NDArray[np.int32]:
    """Send every query to the request model of a bundle.

    Args:
        bundle: the opened bundle, which is asked for K items.
        queries: at least one.
        without: ids of items that may be in no list.

    Returns:
        int32 [Q, K], item rows of the dataset, best first; 0 where there is no item, or one that
        the dataset does not know.
    """
    blocks = [
        bundle.model(bundle.raw.inputs(queries.take(np.arange(start, stop)), without))
        for start, stop in _blocks(len(queries))
    ]
    rows = {name.encode(): row for row, name in enumerate(bundle.ids) if row >= FIRST_ROW}
    found = np.concatenate([block["item_id"] for block in blocks])
    flat = [rows.get(name, 0) for name in found.ravel().tolist()]
    return np.array(flat, np.int32).reshape(found.shape)


def _blocks(queries: int) -> list[tuple[int, int]]:
    return [(start, min(start + _BLOCK, queries)) for start in range(0, queries, _BLOCK)]


def item_ids(dataset: PreparedDataset) -> list[str]:
    """Ids by row; "" for the reserved ones."""
    import pyarrow.parquet as pq

    stored = pq.read_table(table_path(dataset, "item"), columns=["item_id"])
    return [""] * FIRST_ROW + [str(one) for one in stored.column(0).to_pylist()]


class RawQueries:
    """Queries of a dataset as the raw inputs of a model.

    Args:
        inputs: of the model.
        spec: its features, which say what its raw inputs are.
        dataset: holds the users, items and events that the queries name.
        ids: of its items by row; see `item_ids`.
        k: items that are asked for.
        exclude_seen: whether what a user took before stays out.
    """

    def __init__(
        self,
        inputs: Mapping[str, Input],
        spec: FeatureSpec,
        dataset: PreparedDataset,
        ids: list[str],
        k: int,
        exclude_seen: bool,
    ) -> None:
        self._inputs = inputs
        self._dataset = dataset
        self._ids = np.array(ids, object)
        self._k = k
        self._exclude_seen = exclude_seen
        self._users = _stored(dataset, "user", spec)
        self._events = _stored(dataset, "context", spec)
        known = set(read_vocabulary(spec.vocabulary("item_id")))
        self._known = np.array([name in known for name in ids])
        self._length = spec.history.length

    def inputs(self, queries: Queries, without: Sequence[str] = ()) -> Columns:
        """Raw inputs of the queries, [Q] and [Q, L].

        Args:
            queries: of the dataset.
            without: ids of items that may be in no list, beside those that a user took before.
        """
        excluded = [[*seen, *without] for seen in self._seen(queries)]
        lists = {n: values for n, values in self._histories(queries).items() if n in self._inputs}
        given = lists | asked_rows(self._inputs, self._k, excluded)
        own = {name: one for name, one in self._inputs.items() if name not in given}
        rows = {name: missing_rows(one, len(queries)) for name, one in own.items()}
        users = self._users.take(queries.user - FIRST_ROW)
        rows |= raw_columns(users, own)
        return rows | raw_columns(self._events.take(queries.event), own) | given

    def _seen(self, queries: Queries) -> list[list[Any]]:
        if not self._exclude_seen:
            return [[]] * len(queries)
        return _lists(queries.seen, self._ids[queries.seen.items])

    def _histories(self, queries: Queries) -> Columns:
        """As the user table of a bundle has them: the latest items that the model knows."""
        known = self._known[queries.history.items]
        latest = np.full(len(queries), self._length)
        items, events = (
            one.where(known).latest(latest) for one in (queries.history, queries.events)
        )
        types = np.array(self._dataset.event_types, object)
        seconds = self._dataset.events.time[events.items] // MICROSECONDS_A_SECOND
        kinds = types[self._dataset.events.type[events.items]]
        return {
            HISTORY: padded(_lists(items, self._ids[items.items]), _TEXTS),
            TYPE: padded(_lists(items, kinds), _TEXTS),
            TIME: padded(_lists(items, seconds), Input("int64", (None, None))),
            REQUEST_TIME: queries.time // MICROSECONDS_A_SECOND,
        }


def _stored(dataset: PreparedDataset, table: Table, spec: FeatureSpec) -> Any:
    """The columns of a table that a model reads and the dataset has, as the model takes them."""
    import pyarrow.parquet as pq

    path = table_path(dataset, table)
    known = {*pq.read_schema(path).names} - {REQUEST_TIME}
    return raw_table(path, [r for r in spec.raw_inputs if r.table == table and r.name in known])


def _lists(rows: Rows, values: NDArray[Any]) -> list[list[Any]]:
    """The values of each row."""
    return [part.tolist() for part in np.split(values, rows.indptr[1:-1])]
