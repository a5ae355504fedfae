"""At most so many items of one value, in the whole list or in any stretch of it."""

from itertools import pairwise
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs.section import Section
from tfrs_models.reranking.candidates import Candidates
from tfrs_models.reranking.column import Column
from tfrs_models.reranking.needs import Needs
from tfrs_models.reranking.orders import then_the_rest


class Options(Section):
    """The cap."""

    column: str
    """Column whose values are capped; an item counts for each of its values, without one never."""
    most: Annotated[int, Field(ge=1)] = 3
    """Items of one value."""
    window: Annotated[int, Field(ge=2)] | None = None
    """Consecutive places that the cap is for; the whole list when missing."""


def needs(options: Options) -> Needs:
    """The column."""
    return Needs(columns=frozenset({options.column}))


def rerank(options: Options, candidates: Candidates, k: int) -> NDArray[np.int64]:
    """The best candidates that keep the cap; where none does, the best of all.

    A cap on the whole list leaves the others out when k remain, so that no later step breaks it.
    """
    column = candidates.columns[options.column]
    if options.window is not None:
        return _in_windows(column.members(), options.most, options.window, k)
    kept = _within(column, options.most)
    return kept if len(kept) >= k else then_the_rest(kept.tolist(), len(candidates))[:k]


def _within(column: Column, most: int) -> NDArray[np.int64]:
    """Best first, the candidates none of whose values is full yet: int64 [at most N]."""
    codes = column.codes.tolist()
    left = dict.fromkeys(codes, most)
    kept = []
    for index, (start, stop) in enumerate(pairwise(column.rows.indptr.tolist())):
        own = codes[start:stop]
        if all(left[code] for code in own):
            left.update({code: left[code] - 1 for code in own})
            kept.append(index)
    return np.array(kept, np.int64)


def _in_windows(member: NDArray[np.bool_], most: int, window: int, k: int) -> NDArray[np.int64]:
    left = np.ones(len(member), np.bool_)
    chosen: list[int] = []
    for _ in range(min(k, len(member))):
        recent = chosen[max(0, len(chosen) - window + 1) :]
        full = member[recent].sum(axis=0) >= most
        allowed = left & ~member[:, full].any(axis=1)
        best = int(np.argmax(allowed if allowed.any() else left))
        left[best] = False
        chosen.append(best)
    return then_the_rest(chosen, len(member))
