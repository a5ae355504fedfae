"""The log of a server beside the dataset of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from configs.drift import DriftConfig
from configs.errors import DataError
from tfrs_models.data.dataset import FIRST_ROW, PreparedDataset
from tfrs_models.features.spec import FeatureSpec
from trainers.retraining.ask import item_ids
from trainers.retraining.drift.findings import SkewReport
from trainers.retraining.drift.skew import differing, joined, measure_skew
from trainers.retraining.skew.inputs import KEY, request_inputs
from trainers.retraining.skew.served import read_served
from trainers.retraining.skew.trained import trained_features
from trainers.retraining.skew.values import as_text

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Example:
    """One value that was served otherwise than trained.

    Attributes:
        column: the input.
        request: id of the request.
        trained: the value of training, for people.
        served: the served one.
    """

    column: str
    request: str
    trained: str
    served: str


@dataclass(frozen=True)
class Skew:
    """Skew between training and serving.

    Attributes:
        report: of the compared inputs.
        examples: the first requests of each input that differs.
        not_logged: inputs that the log lacks.
        left_out: inputs that the settings leave out.
        unread: columns of the log that are no inputs.
    """

    report: SkewReport
    examples: tuple[Example, ...]
    not_logged: tuple[str, ...]
    left_out: tuple[str, ...]
    unread: tuple[str, ...]


def measured_skew(
    dataset: PreparedDataset, spec: FeatureSpec, pattern: str, settings: DriftConfig
) -> Skew:
    """Compare the logged inputs of a request model with those that training reads.

    Args:
        dataset: holds the requests' events.
        spec: features of the models.
        pattern: see `read_served`.
        settings: what is compared, and how far it may differ.

    Raises:
        DataError: the log or the events cannot be compared.
    """
    import pyarrow as pa

    inputs = request_inputs(spec)
    known = pa.array(item_ids(dataset)[FIRST_ROW : dataset.known_items], pa.string())
    served = read_served(pattern, inputs, known)
    names = _compared(served.inputs.names, settings, pattern)
    logged = served.features.select([KEY.name, *names])
    trained = trained_features(dataset, served.inputs, logged[KEY.name].combine_chunks())
    report = measure_skew(trained, logged, KEY.name, settings.model_copy(update={"watch": names}))
    return Skew(
        report,
        first_examples(trained, logged, names),
        tuple(name for name in inputs.names if name not in served.inputs.names),
        tuple(name for name in served.inputs.names if name not in names),
        served.unread,
    )


def _compared(names: Sequence[str], settings: DriftConfig, pattern: str) -> tuple[str, ...]:
    wanted = [name for name in names if not settings.watch or name in settings.watch]
    compared = tuple(name for name in wanted if name not in settings.ignore)
    if not compared:
        raise DataError(
            f"nothing is compared: of the inputs `{pattern}` holds {', '.join(names) or 'none'}, "
            "less those that `watch` and `ignore` of `retraining.drift` leave out. Log the raw "
            "inputs under their names, or change the settings."
        )
    return compared


def first_examples(
    trained: "pa.Table", logged: "pa.Table", names: Sequence[str], limit: int = 2
) -> tuple[Example, ...]:
    """The first requests in which a column differs, `limit` at most for each of the names."""
    left, right = joined(trained, logged, KEY.name)
    return tuple(
        Example(
            name, left[KEY.name][row].as_py(), as_text(left[name][row]), as_text(right[name][row])
        )
        for name in names
        for row in differing(left[name], right[name]).nonzero()[0][:limit].tolist()
    )
