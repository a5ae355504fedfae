"""A Keras optimizer that applies a rule to the rows that a step has seen, and to no others."""

from collections.abc import Sequence
from typing import Any

from tfrs_models.backend import tf
from trainers.optimizers.rules import RULES, Rule, Slots
from trainers.optimizers.schedule import Schedule


class RowSparse(tf.keras.optimizers.Optimizer):
    """Applies one `Rule`; a row-sparse gradient costs O(rows seen), not O(vocabulary).

    tf_keras' Adam decays the moments of the whole table at each step. Here rows without a gradient
    keep weights and slots bit-equal, and rows with one get the dense update from the slots that
    they kept. Duplicate rows of a gradient are summed first.

    Args:
        rule: the update.
        learning_rate: a number or a Keras schedule.
        name: name of the optimizer.
        l2: this much of each row that is updated is added to its gradient.
    """

    def __init__(self, rule: Rule, learning_rate: Any, name: str, l2: float = 0.0) -> None:
        # Keras applies a decay of 0, its default, to every row of every variable.
        super().__init__(name=name, weight_decay=None, jit_compile=False)
        self._rule = rule
        self._l2 = l2
        self._learning_rate = self._build_learning_rate(learning_rate)

    def get_config(self) -> dict[str, Any]:
        """Rule, its settings, step size, name and L2, as plain values."""
        rate = self._learning_rate
        schedule = isinstance(rate, tf.keras.optimizers.schedules.LearningRateSchedule)
        return {
            "rule": self._rule.name,
            "settings": dict(self._rule.settings),
            "learning_rate": rate.get_config() if schedule else float(rate.numpy()),
            "name": self.name,
            "l2": self._l2,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "RowSparse":  # noqa: ARG003
        """The optimizer of a config, without its slots."""
        rate = config["learning_rate"]
        return cls(
            RULES[config["rule"]](**config["settings"]),
            Schedule.from_config(rate) if isinstance(rate, dict) else rate,
            config["name"],
            config["l2"],
        )

    def build(self, var_list: Sequence[Any]) -> None:
        """Create the slots of the variables."""
        super().build(var_list)
        if getattr(self, "_built", False):
            return
        self._slots = [
            {
                name: self._new_slot(variable, name, initial)
                for name, initial in self._rule.slots.items()
            }
            for variable in var_list
        ]
        self._built = True

    def _new_slot(self, variable: Any, name: str, initial: float) -> Any:
        value = tf.fill(variable.shape, tf.cast(initial, variable.dtype))
        return self.add_variable_from_reference(variable, name, initial_value=value)

    def update_step(self, gradient: Any, variable: Any) -> None:
        """Apply the rule to one variable; Keras has summed duplicate rows before."""
        slots = self._slots[self._index_dict[self._var_key(variable)]]
        step = tf.cast(self.iterations + 1, variable.dtype)
        rate = tf.cast(self.learning_rate, variable.dtype)
        if isinstance(gradient, tf.IndexedSlices):
            self._update_rows(gradient, variable, slots, step, rate)
        else:
            rows, new = self._update(variable, gradient, slots, step, rate)
            variable.assign(rows)
            for name, slot in slots.items():
                slot.assign(new[name])

    def _update(
        self, rows: Any, gradient: Any, slots: Slots, step: Any, rate: Any
    ) -> tuple[Any, dict[str, Any]]:
        penalised = gradient + self._l2 * rows if self._l2 else gradient
        return self._rule.update(rows, penalised, slots, step, rate)

    def _update_rows(
        self, gradient: Any, variable: Any, slots: dict[str, Any], step: Any, rate: Any
    ) -> None:
        seen = gradient.indices
        old = {name: tf.gather(slot, seen) for name, slot in slots.items()}
        rows, new = self._update(tf.gather(variable, seen), gradient.values, old, step, rate)
        variable.scatter_update(tf.IndexedSlices(rows, seen))
        for name, slot in slots.items():
            slot.scatter_update(tf.IndexedSlices(new[name], seen))
