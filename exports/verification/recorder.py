"""Record what the exported models answer to real rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exports.loader import LoadedModel, load_model
from exports.raw import missing_rows
from exports.requests.asked import SAMPLE_K, asked_rows
from exports.savedmodels import RETRIEVAL_SCORE
from exports.verification.protos import FILE as MODEL_FILE
from exports.verification.recordings import (
    RecordedArray,
    Recording,
    Recordings,
    write_recordings,
)

MOST = 8
"""Rows that are recorded."""

Rows = Mapping[str, NDArray[Any]]


def record_requests(bundle: Path, queries: Rows, items: Rows) -> Recordings:
    """Write `requests.json`: the answers of all models below a folder to real rows.

    Every model gets the rows that it has inputs for; the models of queries are asked for one at a
    time, those of items alone for all at once. What a row lacks is missing.

    Args:
        bundle: the folder with the models, before its manifest is written.
        queries: raw inputs by column, such as `user_id` string [Q] and `history` string [Q, L].
        items: raw inputs by column, of candidates, with `item_statistics` where there is a ranker.
            The first 8 rows of each are taken.

    Returns:
        What was written.
    """
    queries = {name: column[:MOST] for name, column in queries.items()}
    items = {name: column[:MOST] for name, column in items.items()}
    recorded: list[Recording] = []
    for path in sorted(bundle.rglob(MODEL_FILE)):
        model = load_model(path.parent)
        name = path.parent.relative_to(bundle).as_posix()
        recorded += [_record(model, name, rows) for rows in _requests(model, queries, items)]
        model.close()
    recordings = Recordings(requests=tuple(recorded))
    write_recordings(recordings, bundle)
    return recordings


def _requests(model: LoadedModel, queries: Rows, items: Rows) -> list[dict[str, NDArray[Any]]]:
    shared = {name: column for name, column in items.items() if name in model.inputs}
    if not any(name in model.inputs for name in queries):
        return [_complete(model, shared)]
    rows = range(len(next(iter(queries.values()))))
    return [_complete(model, shared | _row(model, queries, row)) for row in rows]


def _row(model: LoadedModel, queries: Rows, row: int) -> dict[str, NDArray[Any]]:
    return {name: column[row : row + 1] for name, column in queries.items() if name in model.inputs}


def _complete(model: LoadedModel, given: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The inputs in the model's order, with what no row gives."""
    listed = max((len(column) for column in given.values()), default=1)
    retrieved = {RETRIEVAL_SCORE: np.linspace(1, 0, listed, dtype=np.float32)}
    known = retrieved | asked_rows(model.inputs, SAMPLE_K, [()]) | given
    return {
        name: known[name] if name in known else missing_rows(described, 1)
        for name, described in model.inputs.items()
    }


def _record(model: LoadedModel, name: str, inputs: Rows) -> Recording:
    outputs = model(inputs)
    return Recording(
        model=name,
        inputs={key: RecordedArray.of(array) for key, array in inputs.items()},
        outputs={key: RecordedArray.of(array) for key, array in outputs.items()},
    )
