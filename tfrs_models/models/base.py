"""The base of both models: a TFRS model whose steps report means, not the last batch."""

from collections.abc import Mapping, Sequence
from typing import Any

from tfrs_models.backend import tf, tfrs


class Model(tfrs.Model):
    """A `tfrs.Model` that works inside a compiled loop and in `Model.fit`.

    TFRS reports the loss of an epoch's last batch and, under several workers, metrics times the
    number of workers; only tracked means are right in both places.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.loss_mean = tf.keras.metrics.Mean("loss")
        self.examples = tf.keras.metrics.Sum("examples")

    @property
    def metrics(self) -> list[Any]:
        """What a step counts; `fit` resets them each epoch."""
        return [self.loss_mean, self.examples]

    def examples_in(self, inputs: Mapping[str, Any]) -> Any:
        """Number of examples of a batch: int32 scalar."""
        raise NotImplementedError

    def train_step(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """One optimizer step on one batch."""
        return self.train_on([inputs])

    def train_on(self, batches: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """One optimizer step on the mean gradient of some batches, one after the other."""
        found: list[list[Any]] = []
        before: list[Any] = []
        for inputs in batches:
            # In order, so that only one batch at a time holds its activations.
            with tf.control_dependencies(before):
                loss, gradients = self._gradients(inputs, len(batches))
            before = [gradient for gradient in gradients if gradient is not None]
            found.append(gradients)
            report = self._report(loss, inputs)
        merged = [merge_gradients(gradients) for gradients in zip(*found, strict=True)]
        self.optimizer.apply_gradients(zip(merged, self.trainable_variables, strict=True))
        return report

    def _gradients(self, inputs: Mapping[str, Any], batches: int) -> tuple[Any, list[Any]]:
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        with tf.GradientTape() as tape:
            loss = self.compute_loss(inputs, training=True)
            share = loss / (replicas * batches)  # the optimizer sums gradients over the replicas
        return loss, tape.gradient(share, self.trainable_variables)

    def test_step(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The loss of one batch without an optimizer step."""
        return self._report(self.compute_loss(inputs, training=False), inputs)

    def _report(self, loss: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
        self.loss_mean.update_state(loss)
        self.examples.update_state(self.examples_in(inputs))
        return {"loss": self.loss_mean.result()}

    def compiled(self, method: str) -> Any:
        """A method as a `tf.function` for calls from Python, traced once for the model's life.

        Training calls the plain method: the gradient of a nested `tf.function` would be dense, and
        an optimizer step would touch every row of a table.
        """
        # Not an attribute: Keras would track the dictionary and put it into checkpoints.
        functions = self.__dict__.setdefault("_compiled_methods", {})
        if method not in functions:
            plain = getattr(self, method)
            functions[method] = tf.function(plain, reduce_retracing=True, autograph=False)
        return functions[method]


def merge_gradients(gradients: Sequence[Any]) -> Any | None:
    """The sum of gradients of one variable; row-sparse ones stay row-sparse."""
    found = [gradient for gradient in gradients if gradient is not None]
    if len(found) < 2:
        return found[0] if found else None
    if not all(isinstance(gradient, tf.IndexedSlices) for gradient in found):
        return tf.add_n([tf.convert_to_tensor(gradient) for gradient in found])
    return tf.IndexedSlices(
        tf.concat([gradient.values for gradient in found], axis=0),
        tf.concat([gradient.indices for gradient in found], axis=0),
        found[0].dense_shape,
    )
