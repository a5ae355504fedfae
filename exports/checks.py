"""What must hold before an index is built: one bad vector would end ScaNN's process from C++."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from configs.errors import ArtifactError

_SHOWN = 5


def check_embeddings(embeddings: NDArray[np.float32], ids: Sequence[str]) -> None:
    """Refuse embeddings or ids that no index can serve.

    Args:
        embeddings: float32 [N, D], one row for each candidate.
        ids: the N candidate ids.

    Raises:
        ArtifactError: no candidate, a shape or dtype that does not fit, a value that is not
            finite, a vector of length zero, or an id that is empty or stands twice.
    """
    _check_shape(embeddings, len(ids))
    finite = np.isfinite(embeddings).all(axis=1)
    _refuse(np.flatnonzero(~finite), ids, "holds NaN or infinity", "a diverged model")
    _refuse(
        np.flatnonzero(~embeddings.any(axis=1)),
        ids,
        "has length zero",
        "an untrained or collapsed model",
    )
    _check_ids(ids)


def _check_shape(embeddings: NDArray[np.float32], count: int) -> None:
    fits = embeddings.ndim == 2 and embeddings.dtype == np.float32 and len(embeddings) == count
    if not fits or embeddings.size == 0:
        raise ArtifactError(
            f"`embeddings` must be float32 [N, D] with N = {count} > 0 candidate ids and D > 0, "
            f"got {embeddings.dtype} {list(embeddings.shape)}. Embed each candidate once."
        )


def _refuse(rows: NDArray[np.intp], ids: Sequence[str], fault: str, cause: str) -> None:
    if rows.size:
        shown = ", ".join(f"`{ids[row]}`" for row in rows[:_SHOWN])
        raise ArtifactError(
            f"the embedding of {rows.size} of {len(ids)} candidates {fault} ({shown}): the sign of "
            f"{cause}. Train with a lower `retrieval.training.learning_rate` or with "
            "`retrieval.training.clip_norm`."
        )


def _check_ids(ids: Sequence[str]) -> None:
    seen: set[str] = set()
    for row, name in enumerate(ids):
        if not name or name in seen:
            fault = "stands twice" if name else "is empty"
            raise ArtifactError(
                f"`item_id` must be unique and not empty; `{name}` in row {row} {fault}. "
                "Prepare the data again from a source with one row for each item."
            )
        seen.add(name)
