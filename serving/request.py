"""What a caller asks for, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

Value = str | int | float | list[float] | tuple[float, ...] | None
"""One raw value: text, a number, a time in seconds since 1970 UTC, a vector; None is missing."""

Flag = Literal["unknown_user", "no_history"]


def _nothing() -> Mapping[str, Value]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Request:
    """One request for recommendations.

    Attributes:
        user_id: raw id; None for a visitor.
        k: how many items, 1 to 500.
        history: item ids the user liked, oldest first; the bundle's own history when None.
        history_types: event type of each item of `history`, "" where it is not known; may be left
            out.
        history_times: time of each, in seconds since 1970 UTC, -1 where it is not known; may be
            left out.
        features: raw user and context columns by name; each replaces what the bundle knows.
            A model that reads the column `timestamp` gets the present when it is not given.
        exclude: item ids that must not come back.
    """

    user_id: str | None = None
    k: int = 10
    history: tuple[str, ...] | None = None
    history_types: tuple[str, ...] = ()
    history_times: tuple[int, ...] = ()
    features: Mapping[str, Value] = field(default_factory=_nothing)
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """One recommended item.

    Attributes:
        item_id: raw id.
        score: of the ranking model, or the retrieval score when the bundle has none. Where the
            bundle re-ranks, it need not fall along the list.
        retrieval_score: inner product of query and candidate.
        columns: the other columns of the item table.
        predictions: outputs of the ranking tasks by name; empty without a ranking model.
    """

    item_id: str
    score: float
    retrieval_score: float
    columns: Mapping[str, Any]
    predictions: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Recommendation:
    """The answer.

    Attributes:
        items: best first; fewer than `k` only when `eligible` is, or when re-ranking left some out.
        eligible: items of the catalogue that were neither seen nor excluded.
        history: the known items of the history that was used, oldest first.
        unknown_history: ids of the history that the catalogue does not have; they were ignored.
        flags: `unknown_user`: no user id, or one that the bundle's user table does not have;
            `no_history`: no known item in the history.
    """

    items: tuple[Item, ...]
    eligible: int
    history: tuple[str, ...]
    unknown_history: tuple[str, ...]
    flags: tuple[Flag, ...]
