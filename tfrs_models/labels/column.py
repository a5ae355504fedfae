"""A number from a column of the events, such as seconds of watching."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs import faults
from configs.errors import ConfigError
from configs.section import Section
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.labels._touched import Touched

UNTOUCHED = math.nan


class Options(Section):
    """Which column."""

    column: str = "value"
    """Name of a numeric column of the events."""


def labels(options: Options, dataset: PreparedDataset, touched: Touched) -> NDArray[np.float32]:
    """The number of the latest event; not known where it is missing.

    Raises:
        ConfigError: no such column, or one without numbers.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = dataset.folder / "events.parquet"
    names = pq.read_schema(path).names
    if options.column not in names:
        raise ConfigError(
            f"a label of the type `column` names `{options.column}`, which the events do not have. "
            f"{faults.advice(options.column, names)}"
        )
    column = pq.read_table(path, columns=[options.column]).column(0)
    if not _is_number(column.type):
        raise ConfigError(
            f"a label of the type `column` names `{options.column}`, which holds {column.type}: "
            "name a column of numbers"
        )
    numbers: NDArray[np.float64] = column.cast(pa.float64(), safe=False).to_numpy()
    return numbers[touched.last_events].astype(np.float32)


def _is_number(kind: Any) -> bool:
    from pyarrow import types

    tests = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean)
    return any(test(kind) for test in tests)
