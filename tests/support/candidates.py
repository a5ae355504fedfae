"""Candidates of one request, from what a test names."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from configs.reranking import RerankingConfig
from tfrs_models.reranking.candidates import Candidates
from tfrs_models.reranking.catalogue import Catalogue
from tfrs_models.reranking.chain import open_chain
from tfrs_models.reranking.column import Column

Values = Sequence[Sequence[str]]

DAY = 86_400


def make_candidates(
    size: int,
    columns: Mapping[str, Values] | None = None,
    vectors: ArrayLike | None = None,
    popularity: ArrayLike | None = None,
    days: ArrayLike | None = None,
    history: Mapping[str, Values] | None = None,
    scores: ArrayLike | None = None,
) -> Candidates:
    """N candidates with falling scores.

    Args:
        size: N.
        columns, history: values of each item by column.
        vectors, popularity: as `Candidates` has them.
        days: days since the first event of each.
        scores: N - i at place i when missing.
    """
    history = history or {}
    both = {
        name: Column.of([*values, *history.get(name, ())])
        for name, values in (columns or {}).items()
    }
    now = 100 * DAY
    catalogue = Catalogue(
        size=size,
        columns=both,
        vectors=None if vectors is None else np.asarray(vectors, np.float32),
        popularity=None if popularity is None else np.asarray(popularity, np.float64),
        times={} if days is None else {"first_event": now - DAY * np.asarray(days, np.int64)},
    )
    taken = max((len(values) for values in history.values()), default=0)
    return catalogue.candidates(
        np.arange(size),
        np.arange(size, 0, -1) if scores is None else np.asarray(scores),
        np.arange(size, size + taken),
        now,
    )


def rerank(candidates: Candidates, k: int, *steps: Mapping[str, Any]) -> list[int]:
    """The list of a chain; a step is `{"type": "mmr", "relevance": 0.5}`."""
    described = [
        {"type": step["type"], "options": {n: v for n, v in step.items() if n != "type"}}
        for step in steps
    ]
    chain = open_chain(RerankingConfig.model_validate({"steps": described}))
    return chain.order(candidates, k).tolist()
