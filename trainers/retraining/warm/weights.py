"""Weights and optimizer slots of a finished training, in a model that may have more rows.

What the former model knows stays bit-equal: weights, slots and step counters. A new row of a table
starts at the row of the unknown id, which is what the id was until now: a new item is its content,
a new user the average. Its slots are those of a row that was never seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import ArtifactError
from tfrs_models.backend import tf
from tfrs_models.data.dataset import UNKNOWN_ROW

_VALUE = ".ATTRIBUTES/VARIABLE_VALUE"


@dataclass(frozen=True)
class Saved:
    """What a training left behind, in the order of its model's and its optimizer's variables.

    Attributes:
        weights: the best ones.
        slots: step counters and slots of the last step.
    """

    weights: Sequence[NDArray[Any]]
    slots: Sequence[NDArray[Any]]


def read_saved(folder: Path) -> Saved:
    """Read the checkpoints of a training.

    Args:
        folder: holds `latest/` and `best/`, see `trainers.checkpoints`.

    Raises:
        ArtifactError: there is none.
    """
    return Saved(_read(folder / "best", "variables"), _read(folder / "latest", "optimizer"))


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
        model: compiled; its tables may have more rows.

    Raises:
        ArtifactError: the settings have changed in more than the number of rows.
    """
    _fill(saved.weights, list(model.variables), _like_unknown)
    _fill(saved.slots, list(model.optimizer.variables), _as_it_is)


def _like_unknown(present: NDArray[Any], former: NDArray[Any]) -> NDArray[Any]:
    """The rows that the former table lacks."""
    return np.repeat(former[UNKNOWN_ROW][np.newaxis], len(present) - len(former), axis=0)


def _as_it_is(present: NDArray[Any], former: NDArray[Any]) -> NDArray[Any]:
    return present[len(former) :]


def _fill(former: Sequence[NDArray[Any]], variables: Sequence[Any], new_rows: Any) -> None:
    if len(former) != len(variables):
        raise _changed(f"{len(former)} variables became {len(variables)}")
    for values, variable in zip(former, variables, strict=True):
        shape = tuple(variable.shape)
        if values.shape == shape:
            variable.assign(values)
        elif _grew(values.shape, shape):
            variable.assign(np.concatenate([values, new_rows(variable.numpy(), values)]))
        else:
            raise _changed(f"`{variable.name}` was {list(values.shape)} and is {list(shape)}")


def _grew(former: tuple[int, ...], present: tuple[int, ...]) -> bool:
    return bool(former) and former[1:] == present[1:] and UNKNOWN_ROW < former[0] < present[0]


def _changed(what: str) -> ArtifactError:
    return ArtifactError(
        f"the former model does not fit these settings: {what}. Go back to its settings, or train "
        "from the beginning with `tfrs retrain --full`."
    )
