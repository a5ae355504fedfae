"""Answer requests from a bundle alone: embed, retrieve, filter, rank, re-rank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from configs.formula import SCORE, check_formula, evaluate
from exports.contest import EXACT
from exports.index import Index, open_index
from exports.loader import LoadedModel, load_model
from exports.manifest import Manifest, verify
from exports.raw import raw_columns
from serving.inputs import Arrays, History, check_request, query_arrays
from serving.interests import search
from serving.request import Flag, Item, Recommendation, Request
from serving.reranking import Reranker, request_time
from serving.tables import ItemTable, StoredUser, UserTable, open_items, open_users


@dataclass(frozen=True)
class Known:
    """What is known of the user of a request.

    Attributes:
        user: the stored user, or None.
        history: the part of the history that the catalogue has.
        unknown_history: the other ids of the history.
        removed: sorted positions that must not come back.
    """

    user: StoredUser | None
    history: History
    unknown_history: tuple[str, ...]
    removed: NDArray[np.int64]


@dataclass(frozen=True)
class Recommender:
    """An opened bundle; `recommend` may be called from several threads.

    Attributes:
        manifest: what the bundle is.
        items: its candidates.
        users: its users, or None.
        embed_query: the query model.
        rank: the ranking model, or None.
        index: finds candidates fast.
        exact: finds them all.
        reranker: changes the order of the ranked ones, if the bundle says so.
        formula: the final score over the outputs of the ranking model; the bundle's when None.
    """

    manifest: Manifest
    items: ItemTable
    users: UserTable | None
    embed_query: LoadedModel
    rank: LoadedModel | None
    index: Index
    exact: Index
    reranker: Reranker
    formula: str | None = None

    @classmethod
    def open(cls, bundle: Path, threads: int = 0, formula: str | None = None) -> Self:
        """Verify and open a bundle, and answer one request, so that the first caller never waits.

        Args:
            bundle: the folder.
            threads: threads inside one operation of a model; 0 leaves the number to TensorFlow.
            formula: another final score than the bundle's, such as `click * (1 + 5 * purchase)`.

        Raises:
            ArtifactError: the bundle is missing, damaged or of another version.
            ConfigError: a step of its re-ranking is a plug-in that is not installed here, or the
                formula names no output of its ranking model.
            EnvironmentFault: the library of its index is not installed.
        """
        manifest = verify(bundle)
        ranker = bundle / "models" / "rank"
        items = open_items(bundle / "items.parquet")
        recommender = cls(
            manifest=manifest,
            items=items,
            users=open_users(bundle / "users.arrow"),
            embed_query=load_model(bundle / "models" / "embed_query", threads),
            rank=load_model(ranker, threads) if ranker.exists() else None,
            index=open_index(bundle / "index" / manifest.index),
            exact=open_index(bundle / "index" / EXACT),
            reranker=Reranker.open(manifest, items, bundle / "index" / EXACT),
            formula=formula,
        )
        if formula is not None:
            outputs = recommender.rank.outputs if recommender.rank else ()
            check_formula(formula, [name for name in outputs if name != SCORE])
        recommender.recommend(Request(k=1))
        return recommender

    @property
    def models(self) -> Mapping[str, LoadedModel]:
        """The models by their folder in the bundle."""
        ranker = {} if self.rank is None else {"models/rank": self.rank}
        return {"models/embed_query": self.embed_query} | ranker

    def close(self) -> None:
        """Free the models; no request may be running."""
        for model in self.models.values():
            model.close()

    def recommend(self, request: Request) -> Recommendation:
        """Recommend items.

        Raises:
            ConfigError: the request is wrong; names the field, the rule, the value, the way out.
        """
        check_request(request, self.embed_query.inputs)
        known = self.look_up(request)
        arrays = self.query_inputs(request, known)
        embedding = self.embed_query(arrays)["query_embedding"]
        positions, retrieval_scores = self.retrieve(embedding, request.k, known.removed)
        outputs = self.score(arrays, positions, retrieval_scores)
        scores = outputs[SCORE]
        best = np.argsort(-scores, kind="stable")
        history, now = self.items.known(known.history.items), request_time(arrays)
        best = best[self.reranker.order(positions[best], scores[best], history, now, request.k)]
        return Recommendation(
            items=self._items(
                positions[best],
                {name: output[best] for name, output in outputs.items()},
                retrieval_scores[best],
            ),
            eligible=len(self.items) - len(known.removed),
            history=known.history.items,
            unknown_history=known.unknown_history,
            flags=_flags(known),
        )

    def look_up(self, request: Request) -> Known:
        """The stored user, their history, and the items that stay out."""
        named = self.users is not None and request.user_id is not None
        user = self.users.find(request.user_id) if named else None  # type: ignore[union-attr,arg-type]
        history = _history(request, user)
        return Known(
            user=user,
            history=history.where(lambda name: name in self.items.positions),
            unknown_history=history.where(lambda name: name not in self.items.positions).items,
            removed=self._removed(request, user, history.items),
        )

    def _removed(
        self, request: Request, user: StoredUser | None, history: Sequence[str]
    ) -> NDArray[np.int64]:
        removed = [self.items.known(request.exclude)]
        if self.manifest.exclude_seen:
            removed.append(self.items.known(history))
            removed += [user.seen.astype(np.int64)] if user else []
        return np.unique(np.concatenate(removed))

    def query_inputs(self, request: Request, known: Known) -> Arrays:
        """Raw inputs of the query model, one row."""
        inputs = self.embed_query.inputs
        stored = raw_columns(known.user.row, inputs) if known.user else {}
        return query_arrays(request, stored, known.history, inputs)

    def retrieve(
        self, embedding: NDArray[np.float32], k: int, removed: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Candidates without the removed ones, best first: positions and retrieval scores.

        The embedding is float32 [1, D], or [1, H, D] with H interests, of which the nearest counts.
        The index is asked for more than is wanted, to make up for the removed ones. Where that is
        not enough for `k`, the exact index is asked for so many that it must be.
        """
        wanted = max(k, self.manifest.candidates)
        ask = min(wanted + min(len(removed), wanted), len(self.items))
        found = _without(self.index, embedding, ask, removed)
        if len(found[0]) < min(k, len(self.items) - len(removed)):
            ask = min(wanted + len(removed), len(self.items))
            found = _without(self.exact, embedding, ask, removed)
        return found[0][:wanted], found[1][:wanted]

    def score(
        self, arrays: Arrays, positions: NDArray[np.int64], retrieval_scores: NDArray[np.float32]
    ) -> dict[str, NDArray[np.float32]]:
        """Outputs of the ranking model by task, and `score`; the retrieval's without a model."""
        if self.rank is None or not len(positions):
            return {SCORE: retrieval_scores}
        items = self.items.raw(positions, self.rank.inputs)
        outputs = self.rank(arrays | items | {"retrieval_score": retrieval_scores})
        if self.formula is not None:
            outputs |= {SCORE: np.asarray(evaluate(self.formula, outputs), np.float32)}
        return outputs

    def describe(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Item columns of the ids that the catalogue has."""
        return self.items.rows(self.items.known(ids))

    def _items(
        self,
        positions: NDArray[np.int64],
        outputs: Mapping[str, NDArray[np.float32]],
        retrieval_scores: NDArray[np.float32],
    ) -> tuple[Item, ...]:
        rows = self.items.rows(positions)
        predictions = [
            dict(zip(outputs, map(float, values), strict=True))
            for values in zip(*outputs.values(), strict=True)
        ]
        listed = zip(rows, predictions, retrieval_scores.tolist(), strict=True)
        return tuple(
            Item(row.pop("item_id"), predicted.pop(SCORE), retrieval_score, row, predicted)
            for row, predicted, retrieval_score in listed
        )


def _history(request: Request, user: StoredUser | None) -> History:
    if request.history is not None:
        return History.of(request.history, request.history_types, request.history_times)
    if user is None:
        return History()
    return History.of(user.history, user.history_types, user.history_times)


def _without(
    index: Index, embedding: NDArray[np.float32], ask: int, removed: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Positions and scores of what an index finds for one query, without the removed ones."""
    positions, scores = (one[0] for one in search(index, embedding, ask))
    kept = (positions >= 0) & ~np.isin(positions, removed)
    return positions[kept], scores[kept]


def _flags(known: Known) -> tuple[Flag, ...]:
    unknown: tuple[Flag, ...] = () if known.user else ("unknown_user",)
    empty: tuple[Flag, ...] = () if known.history.items else ("no_history",)
    return unknown + empty
