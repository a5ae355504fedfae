"""A feature of every type and setting, and raw rows that are ordinary, missing and odd."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CASES: Mapping[str, Mapping[str, Any]] = {
    "categorical": {"type": "categorical", "column": "word"},
    "categorical_rare": {"type": "categorical", "column": "word", "min_count": 2, "max_size": 1},
    "hashed": {"type": "hashed", "column": "word", "buckets": 7},
    "multi_valued": {"type": "multi_valued", "column": "tags", "max_values": 3},
    "text": {"type": "text", "column": "title", "buckets": 50, "max_tokens": 6},
    "text_characters": {
        "type": "text",
        "column": "title",
        "word_ngrams": 0,
        "character_ngrams": [3, 4],
        "max_tokens": 20,
    },
    "standard": {"type": "numeric", "column": "number"},
    "log": {
        "type": "numeric",
        "column": "number",
        "transform": "log",
        "clip_quantiles": [0.1, 0.9],
    },
    "quantile": {"type": "numeric", "column": "number", "transform": "quantile", "knots": 5},
    "as_it_is": {"type": "numeric", "column": "number", "transform": "none"},
    "boundaries": {"type": "bucketised", "column": "number", "boundaries": [0, 2.5, 10]},
    "fitted_boundaries": {"type": "bucketised", "column": "number", "quantiles": 3},
    "hour": {"type": "timestamp", "column": "time", "part": "hour"},
    "weekday": {"type": "timestamp", "column": "time", "part": "weekday"},
    "month": {"type": "timestamp", "column": "time", "part": "month"},
    "age": {"type": "timestamp", "column": "time", "part": "age"},
    "vector": {"type": "vector", "column": "embedding", "width": 3},
    "direction": {"type": "vector", "column": "embedding", "width": 3, "normalise": True},
}

TRAINING_ROWS: Sequence[Mapping[str, Any]] = (
    {"word": "red", "tags": "a|b", "title": "The Red Shoes", "number": 1.0, "time": 0},
    {"word": "red", "tags": "b", "title": "Blue", "number": 2.5, "time": 1_000_000_000},
    {"word": "blue", "tags": "c|b|a", "number": 40.0, "embedding": [3.0, 0.0, 4.0]},
    {"word": "green", "tags": "", "title": "Amelie", "number": -7.0, "embedding": [1.0, 1.0, 1.0]},
    {},
)
ODD_ROWS: Sequence[Mapping[str, Any]] = (
    {"word": "never seen", "tags": "zzz|a", "title": "unheard", "number": 1e9, "time": -1},
    {"word": "\u00c9clair", "tags": "||", "title": "\u0130stanbul STRASSE \u00c9t\u00e9"},
    {"word": "w" * 100_000, "tags": "a|" * 10_000, "title": "long title " * 10_000},
    {"word": "line\nbreak", "tags": " a | \tb\n", "title": "!!! ???", "number": math.nan},
    {"word": " red", "tags": "|", "title": " ", "number": math.inf, "time": -(2**62)},
    {"word": "\u65e5\u672c", "title": "\u65e5\u672c\u8a9e \u6620\u753b", "number": -math.inf},
    {"word": "\U0001f600", "title": "\U0001f600", "number": 3.4e38, "time": 2**62},
    {"word": "nul\x00byte", "title": "nul\x00byte", "number": -3.4e38, "time": -86_400 * 7_000},
    {"number": 1e-45, "time": 951_782_400, "embedding": [math.nan, 1.0, 1.0]},
    {"number": 1e300, "time": -2, "embedding": [0.0, 0.0, 0.0]},
    {"embedding": [3e38, -3e38, 3e38], "tags": "a|a|a|a|a"},
)
COLUMNS = ("word", "tags", "title", "number", "time", "embedding")


def feed(folder: Path, table: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[Any]]:
    """Raw arrays of a request, by what `spec.json` alone says, as a server would build them."""
    raw = json.loads((folder / "spec.json").read_text(encoding="utf-8"))["raw_inputs"]
    return {r["name"]: _array(r, rows) for r in raw if r["table"] == table}


def _array(raw: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> NDArray[Any]:
    dtype = {"string": object, "float32": np.float32, "int64": np.int64}[raw["dtype"]]
    missing = float("nan") if raw["missing"] == "nan" else raw["missing"]
    shape = (len(rows), raw["width"]) if raw["width"] else (len(rows),)
    array = np.full(shape, missing, dtype)
    with np.errstate(over="ignore"):
        for index, row in enumerate(rows):
            if row.get(raw["name"]) is not None:
                array[index] = row[raw["name"]]
    return array
