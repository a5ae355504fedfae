"""Different optimizers for different variables of one model, as one Keras optimizer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tfrs_models.backend import tf
from tfrs_models.layers.embedding import is_table
from tfrs_models.models.wide_deep import is_wide
from trainers.optimizers.row_sparse import RowSparse

Pair = tuple[Any, Any]

KINDS: Mapping[str, Callable[[Any], bool]] = {
    "wide": is_wide,
    "table": is_table,
    "any": lambda _: True,
}
"""Kinds of variables that an optimizer can be given."""


class Grouped(tf.keras.optimizers.Optimizer):
    """Hands each variable to the first optimizer whose kind of variable it is.

    Args:
        groups: (optimizer, a key of `KINDS`); the last kind must take the rest.
        clip_norm: largest global norm of the dense gradients; None leaves them alone. Row-sparse
            gradients are not clipped: their duplicate rows are not summed yet.
    """

    def __init__(
        self, groups: Sequence[tuple[RowSparse, str]], clip_norm: float | None = None
    ) -> None:
        super().__init__(name="grouped")
        self._optimizers = [optimizer for optimizer, _ in groups]
        self._kinds = [kind for _, kind in groups]
        self._clip_norm = clip_norm

    def get_config(self) -> dict[str, Any]:
        """The groups' configs and kinds, and the norm."""
        configs = [optimizer.get_config() for optimizer in self._optimizers]
        groups = [list(group) for group in zip(configs, self._kinds, strict=True)]
        return {"groups": groups, "clip_norm": self._clip_norm}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "Grouped":  # noqa: ARG003
        """The optimizer of a config, without its slots."""
        groups = [(RowSparse.from_config(optimizer), kind) for optimizer, kind in config["groups"]]
        return cls(groups, config["clip_norm"])

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
        groups = self._split([(None, variable) for variable in var_list])
        for optimizer, group in zip(self._optimizers, groups, strict=True):
            optimizer.build([variable for _, variable in group])

    def apply_gradients(
        self, grads_and_vars: Any, name: str | None = None, skip_gradients_aggregation: bool = False
    ) -> Any:
        """Apply each gradient with its group's optimizer; None leaves its variable alone."""
        pairs = list(grads_and_vars)
        with tf.init_scope():
            self.build([variable for _, variable in pairs])
        if not skip_gradients_aggregation:
            pairs = self.aggregate_gradients(pairs)
        groups = self._split(self._clip([(g, v) for g, v in pairs if g is not None]))
        for optimizer, group in zip(self._optimizers, groups, strict=True):
            optimizer.apply_gradients(group, name=name, skip_gradients_aggregation=True)
        return self.iterations

    def _split(self, pairs: Iterable[Pair]) -> list[list[Pair]]:
        groups: list[list[Pair]] = [[] for _ in self._kinds]
        for gradient, variable in pairs:
            owner = next(i for i, kind in enumerate(self._kinds) if KINDS[kind](variable))
            groups[owner].append((gradient, variable))
        return groups

    def _clip(self, pairs: list[Pair]) -> list[Pair]:
        sparse = [(g, v) for g, v in pairs if isinstance(g, tf.IndexedSlices)]
        dense = [(g, v) for g, v in pairs if not isinstance(g, tf.IndexedSlices)]
        if self._clip_norm is None or not dense:
            return pairs
        clipped, _ = tf.clip_by_global_norm([g for g, _ in dense], self._clip_norm)
        return [*sparse, *zip(clipped, (v for _, v in dense), strict=True)]
