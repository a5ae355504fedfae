"""Which data a method reads: a server loads no other."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Needs:
    """Data of the items.

    Attributes:
        columns: categorical columns.
        times: columns that hold a time, of which the age is read.
        vectors: whether the embeddings are read.
        popularity: whether the number of events is read.
    """

    columns: frozenset[str] = frozenset()
    times: frozenset[str] = frozenset()
    vectors: bool = False
    popularity: bool = False


def together(all_needs: Iterable[Needs]) -> Needs:
    """What several methods read."""
    found = list(all_needs)
    return Needs(
        columns=frozenset().union(*(needs.columns for needs in found)),
        times=frozenset().union(*(needs.times for needs in found)),
        vectors=any(needs.vectors for needs in found),
        popularity=any(needs.popularity for needs in found),
    )
