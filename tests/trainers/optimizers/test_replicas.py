"""Several replicas, in a process of their own: devices are divided before TensorFlow starts."""

import subprocess
import sys

import pytest

PROGRAM = """
import numpy as np
from tfrs_models.backend import tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tfrs_models.layers.embedding import Embedding
from tfrs_models.models.base import Model
from trainers.optimizers.grouped import Grouped
from trainers.optimizers.row_sparse import RowSparse
from trainers.optimizers.rules import adam, ftrl


class Tiny(Model):
    def __init__(self):
        super().__init__("tiny")
        self.table = Embedding(5, 2, 0.1, 0, "x")
        self.factor = self.add_weight("factor", (2,), initializer="ones")

    def examples_in(self, inputs):
        return tf.size(inputs["ids"])

    def compute_loss(self, inputs, training=False):
        return tf.reduce_mean(tf.square(self.table(inputs["ids"]) * self.factor - 3.0))


def trained(strategy):
    with strategy.scope():
        model = Tiny()
        groups = [
            (RowSparse(ftrl(0.0), 0.1, "tables"), "table"),
            (RowSparse(adam(), 0.1, "dense"), "any"),
        ]
        model.compile(optimizer=Grouped(groups, clip_norm=0.5))
        model.optimizer.build(model.trainable_variables)

    @tf.function
    def step(ids):
        strategy.run(model.train_step, args=({"ids": ids},))

    for _ in range(3):
        step(tf.constant([1, 1, 4]))
    return [v.numpy() for v in (*model.trainable_variables, *model.optimizer.variables)]


one = trained(tf.distribute.get_strategy())
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert strategy.num_replicas_in_sync == 2
two = trained(strategy)
assert len(one) == len(two) == 2 + 2 + 4
for left, right in zip(one, two):
    np.testing.assert_allclose(left, right, rtol=1e-5)
"""


@pytest.mark.slow
def test_two_replicas_of_a_batch_train_as_one() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
