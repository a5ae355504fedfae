"""Weights and optimizer slots of a finished training, in a model that may have more rows.

What the former model knows stays bit-equal: weights, slots and step counters. A new row of a table
starts at the row of its feature's unknown id, which is what the id was until now: a new item is its
content, a new user the average. Its slots are those of a row that was never seen.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from configs.errors import ArtifactError
from tfrs_models.backend import tf
from tfrs_models.features.spec import FeatureSpec, FittedCross, FittedFeature
from trainers.retraining.warm.rows import Block, Rows, stacked_blocks

_VALUE = ".ATTRIBUTES/VARIABLE_VALUE"


@dataclass(frozen=True)
class Saved:
    """What a training left behind, in the order of its model's and its optimizer's variables.

    Attributes:
        weights: the best ones.
        slots: step counters and slots of the last step.
        num_ids: of each feature and cross that has ids, by name.
    """

    weights: Sequence[NDArray[Any]]
    slots: Sequence[NDArray[Any]]
    num_ids: Mapping[str, int]


def read_saved(folder: Path, spec: FeatureSpec) -> Saved:
    """Read the checkpoints of a training.

    Args:
        folder: holds `latest/` and `best/`, see `trainers.checkpoints`.
        spec: the features that it was trained with.

    Raises:
        ArtifactError: there is none.
    """
    features: tuple[FittedFeature | FittedCross, ...] = (*spec.features, *spec.crosses)
    return Saved(
        weights=_read(folder / "best", "variables"),
        slots=_read(folder / "latest", "optimizer"),
        num_ids={one.name: one.output.num_ids for one in features},
    )


def _read(folder: Path, group: str) -> list[NDArray[Any]]:
    path = tf.train.latest_checkpoint(str(folder))
    if path is None:
        raise ArtifactError(
            f"`{folder}` holds no checkpoint to go on from: run `tfrs retrain --full` once"
        )
    reader = tf.train.load_checkpoint(path)
    names = reader.get_variable_to_shape_map()
    number = sum(name.startswith(f"{group}/") and name.endswith(_VALUE) for name in names)
    return [reader.get_tensor(f"{group}/{place}/{_VALUE}") for place in range(number)]


def take_over(saved: Saved, model: Any) -> None:
    """Give a built model, and its built optimizer, what a former one had learned.

    Args:
        saved: of a model of the same settings.
        model: compiled; its features may have more ids.

    Raises:
        ArtifactError: the settings have changed in more than the number of ids.
    """
    stacks = stacked_blocks(model, saved.num_ids)

    def like_unknown(values: NDArray[Any], variable: Any) -> NDArray[Any]:
        return values[_rows(values, variable, stacks.get(variable.name)).origin]

    def never_seen(values: NDArray[Any], slot: Any) -> NDArray[Any]:
        rows = _rows(values, slot, stacks.get(_owner(slot)))
        filled: NDArray[Any] = slot.numpy()
        filled[rows.known] = values[rows.origin[rows.known]]
        return filled

    _fill(saved.weights, list(model.variables), like_unknown)
    _fill(saved.slots, list(model.optimizer.variables), never_seen)


def _owner(slot: Any) -> str:
    """The name of the variable that a slot belongs to: Keras calls it `<slot>/<variable>`."""
    return str(slot.name).partition("/")[2]


def _fill(
    former: Sequence[NDArray[Any]],
    variables: Sequence[Any],
    grown: Callable[[NDArray[Any], Any], NDArray[Any]],
) -> None:
    if len(former) != len(variables):
        raise _changed(f"{len(former)} variables became {len(variables)}")
    for values, variable in zip(former, variables, strict=True):
        same = values.shape == tuple(variable.shape)
        variable.assign(values if same else grown(values, variable))


def _rows(values: NDArray[Any], variable: Any, stack: Sequence[Block] | None) -> Rows:
    """The rows of a variable of another shape than its former values."""
    before, now = values.shape, tuple(variable.shape)
    if len(before) == len(now) and before[1:] == now[1:]:
        blocks = stack or [Block(before[0], now[0])]
        total = sum(block.before for block in blocks)
        if total == before[0] and all(block.fits for block in blocks):
            return Rows.of(blocks)
    raise _changed(f"`{variable.name}` was {list(before)} and is {list(now)}")


def _changed(what: str) -> ArtifactError:
    return ArtifactError(
        f"the former model does not fit these settings: {what}. Go back to its settings, or train "
        "from the beginning with `tfrs retrain --full`."
    )
