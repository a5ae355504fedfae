"""Different optimizers for different variables of one model, as one Keras optimizer."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tfrs_models.backend import tf

Group = tuple[Any, Callable[[Any], bool]]


class Grouped(tf.keras.optimizers.Optimizer):
    """Hands each variable to the first optimizer whose predicate takes it.

    Args:
        groups: (optimizer, predicate on the variable); the last predicate must take the rest.
        clip_norm: largest global norm of the dense gradients; None leaves them alone. Row-sparse
            gradients are not clipped: their norm would need a pass over all rows.
    """

    def __init__(self, groups: Sequence[Group], clip_norm: float | None = None) -> None:
        super().__init__(name="grouped")
        self._optimizers = [optimizer for optimizer, _ in groups]
        self._takes = [takes for _, takes in groups]
        self._clip_norm = clip_norm

    @property
    def iterations(self) -> Any:
        """Steps taken: int64."""
        return self._optimizers[0].iterations

    @property
    def variables(self) -> list[Any]:
        """Step counters and slots of all groups."""
        return [v for optimizer in self._optimizers for v in optimizer.variables]

    def build(self, var_list: Sequence[Any]) -> None:
        """Create the slots of every group."""
        for optimizer, group in zip(self._optimizers, self._split(var_list), strict=True):
            optimizer.build(group)

    def _owner(self, variable: Any) -> int:
        return next(i for i, takes in enumerate(self._takes) if takes(variable))

    def _split(self, variables: Iterable[Any]) -> list[list[Any]]:
        groups: list[list[Any]] = [[] for _ in self._optimizers]
        for variable in variables:
            groups[self._owner(variable)].append(variable)
        return groups

    def apply_gradients(self, grads_and_vars: Any, **kwargs: Any) -> Any:
        """Apply each gradient with its group's optimizer; every group counts the step."""
        pairs = [(g, v) for g, v in self._clip(list(grads_and_vars)) if g is not None]
        for i, optimizer in enumerate(self._optimizers):
            group = [(g, v) for g, v in pairs if self._owner(v) == i]
            if group:
                optimizer.apply_gradients(group, **kwargs)
        return self.iterations

    def _clip(self, pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
        dense = [g for g, _ in pairs if g is not None and not isinstance(g, tf.IndexedSlices)]
        if self._clip_norm is None or not dense:
            return pairs
        clipped = iter(tf.clip_by_global_norm(dense, self._clip_norm)[0])
        return [
            (g if g is None or isinstance(g, tf.IndexedSlices) else next(clipped), v)
            for g, v in pairs
        ]

    def get_config(self) -> dict[str, Any]:
        """The settings of every group."""
        return {"groups": [optimizer.get_config() for optimizer in self._optimizers]}
