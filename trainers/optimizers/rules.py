"""Update rules: what one step does to the rows it was given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tfrs_models.backend import tf

Slots = Mapping[str, Any]
Update = Callable[[Any, Any, Slots, Any, Any], tuple[Any, dict[str, Any]]]


@dataclass(frozen=True)
class Rule:
    """An optimizer as a function of rows.

    Attributes:
        name: name of the rule, a key of `RULES`.
        settings: what `RULES[name]` was called with.
        slots: initial value of each slot; a slot has the shape of its variable.
        update: (rows, gradient, slots, step from 1, learning rate) -> (new rows, new slots).
    """

    name: str
    settings: Mapping[str, float]
    slots: Mapping[str, float]
    update: Update


def adam(beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8) -> Rule:
    """Adam (Kingma and Ba 2015), in the order of computation at the end of their section 2.

    As in Keras, `epsilon` is their epsilon hat: added to the square root of the uncorrected moment.
    """

    def update(
        rows: Any, gradient: Any, slots: Slots, step: Any, learning_rate: Any
    ) -> tuple[Any, dict[str, Any]]:
        first = beta_1 * slots["first"] + (1 - beta_1) * gradient
        second = beta_2 * slots["second"] + (1 - beta_2) * tf.square(gradient)
        corrected = tf.sqrt(1 - beta_2**step) / (1 - beta_1**step)
        change = learning_rate * corrected * first / (tf.sqrt(second) + epsilon)
        return rows - change, {"first": first, "second": second}

    settings = {"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
    return Rule("adam", settings, {"first": 0.0, "second": 0.0}, update)


def adagrad(initial_accumulator: float = 0.1, epsilon: float = 1e-7) -> Rule:
    """Adagrad (Duchi et al. 2011) with diagonal matrices; `epsilon` stands under the root."""

    def update(
        rows: Any, gradient: Any, slots: Slots, _step: Any, learning_rate: Any
    ) -> tuple[Any, dict[str, Any]]:
        accumulator = slots["accumulator"] + tf.square(gradient)
        change = learning_rate * gradient * tf.math.rsqrt(accumulator + epsilon)
        return rows - change, {"accumulator": accumulator}

    settings = {"initial_accumulator": initial_accumulator, "epsilon": epsilon}
    return Rule("adagrad", settings, {"accumulator": initial_accumulator}, update)


def sgd() -> Rule:
    """Plain gradient descent."""

    def update(
        rows: Any, gradient: Any, _slots: Slots, _step: Any, learning_rate: Any
    ) -> tuple[Any, dict[str, Any]]:
        return rows - learning_rate * gradient, {}

    return Rule("sgd", {}, {}, update)


def ftrl(l1: float, l2: float = 0.0, initial_accumulator: float = 0.1) -> Rule:
    """FTRL-Proximal with per-coordinate rates (McMahan et al. 2013, algorithm 1, beta 0).

    The step size is learning_rate / sqrt(accumulated squared gradients); weights whose linear slot
    stays within `l1` are exactly 0.
    """

    def update(
        rows: Any, gradient: Any, slots: Slots, _step: Any, learning_rate: Any
    ) -> tuple[Any, dict[str, Any]]:
        accumulator = slots["accumulator"] + tf.square(gradient)
        sigma = (tf.sqrt(accumulator) - tf.sqrt(slots["accumulator"])) / learning_rate
        linear = slots["linear"] + gradient - sigma * rows
        shrunk = tf.sign(linear) * l1 - linear
        weights = shrunk / (tf.sqrt(accumulator) / learning_rate + 2.0 * l2)
        new_rows = tf.where(tf.abs(linear) > l1, weights, tf.zeros_like(rows))
        return new_rows, {"accumulator": accumulator, "linear": linear}

    settings = {"l1": l1, "l2": l2, "initial_accumulator": initial_accumulator}
    return Rule("ftrl", settings, {"accumulator": initial_accumulator, "linear": 0.0}, update)


RULES: Mapping[str, Callable[..., Rule]] = {
    "adam": adam,
    "adagrad": adagrad,
    "sgd": sgd,
    "ftrl": ftrl,
}
