"""The base of both models: a TFRS model whose steps report means, not the last batch."""

from collections.abc import Mapping
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

    @property
    def metrics(self) -> list[Any]:
        """The tracked means; `fit` resets them each epoch."""
        return [self.loss_mean]

    def train_step(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """One optimizer step on one batch."""
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        with tf.GradientTape() as tape:
            loss = self.compute_loss(inputs, training=True)
            share = loss / replicas  # the optimizer sums gradients over the replicas
        variables = self.trainable_variables
        gradients = tape.gradient(share, variables)
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return self._report(loss)

    def test_step(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The loss of one batch without an optimizer step."""
        return self._report(self.compute_loss(inputs, training=False))

    def _report(self, loss: Any) -> dict[str, Any]:
        self.loss_mean.update_state(loss)
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
