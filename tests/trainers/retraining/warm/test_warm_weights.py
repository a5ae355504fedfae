"""What a former model knows stays bit-equal; new rows start at the unknown one."""

from pathlib import Path

import numpy as np
import pytest
from support.training import Line, LineBatches, quiet_watch, train_line, values

from configs.errors import ArtifactError
from configs.training import TrainingConfig
from tfrs_models.backend import tf
from tfrs_models.features.spec import FeatureSpec, HistorySpec
from trainers.loop import fit
from trainers.optimizers.build import retrieval_optimizer
from trainers.retraining.warm.weights import read_saved, take_over

SETTINGS = TrainingConfig(epochs=2, decay="linear", learning_rate=0.1, embedding_learning_rate=0.1)
NO_FEATURES = FeatureSpec((), (), HistorySpec(0), Path())


class LongerLine(Line):
    """Two more rows than `Line`."""

    def __init__(self) -> None:
        super().__init__()
        start = tf.keras.initializers.RandomNormal(seed=5)
        self.table = self.add_weight("line/table", (6, 3), initializer=start)
        self._trainable_weights = [self.table, self.slope]


def built(model: Line) -> Line:
    model.compile(optimizer=retrieval_optimizer(TrainingConfig(), 10))
    model.optimizer.build(model.trainable_variables)
    return model


@pytest.fixture
def former(tmp_path: Path) -> tuple[Line, Path]:
    model, _ = train_line(SETTINGS, tmp_path, lambda model: float(model.optimizer.iterations))
    return model, tmp_path


def test_weights_slots_and_counters_of_the_same_model_are_equal(
    former: tuple[Line, Path],
) -> None:
    model, folder = former
    again = built(Line())
    take_over(read_saved(folder, NO_FEATURES), again)
    for one, other in zip(values(model.variables), values(again.variables), strict=True):
        np.testing.assert_array_equal(one, other)
    of_former, of_again = values(model.optimizer.variables), values(again.optimizer.variables)
    for one, other in zip(of_former, of_again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_new_rows_start_at_the_unknown_one_and_their_slots_at_nothing(
    former: tuple[Line, Path],
) -> None:
    model, folder = former
    longer = built(LongerLine())
    take_over(read_saved(folder, NO_FEATURES), longer)
    np.testing.assert_array_equal(longer.table[:4], model.table)
    np.testing.assert_array_equal(longer.table[4:], [model.table[1].numpy()] * 2)
    slots = {v.name: v.numpy() for v in longer.optimizer.variables if "table" in v.name}
    before = {v.name: v.numpy() for v in model.optimizer.variables if "table" in v.name}
    assert len(slots) == 2
    for name, slot in slots.items():
        np.testing.assert_array_equal(slot[:4], before[name])
        assert not slot[4:].any()


def test_training_goes_on_from_the_former_step(former: tuple[Line, Path], tmp_path: Path) -> None:
    model, folder = former
    saved, again = read_saved(folder, NO_FEATURES), built(Line())
    steps = int(model.optimizer.iterations)
    seen = []

    def evaluate() -> float:
        seen.append(int(again.optimizer.iterations))
        return float(seen[-1])

    settings = TrainingConfig(epochs=1)
    target = tmp_path / "again"
    batches, watch = LineBatches(), quiet_watch(target)
    fit(again, batches, settings, evaluate, target, watch, lambda: take_over(saved, again))
    assert seen == [steps, steps + 5]


def test_another_width_is_refused_with_the_way_out(former: tuple[Line, Path]) -> None:
    _, folder = former
    with pytest.raises(ArtifactError, match=r"was \[4, 3\] and is \[4, 2\].*--full"):
        take_over(read_saved(folder, NO_FEATURES), built(Line(width=2)))


def test_a_folder_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="holds no checkpoint"):
        read_saved(tmp_path, NO_FEATURES)
