"""Whether the user did something of a kind with the item, such as a click or a purchase."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs import faults
from configs.errors import ConfigError
from configs.section import Section
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.labels._touched import Touched

UNTOUCHED = 0.0


class Options(Section):
    """Which events count."""

    types: Annotated[tuple[str, ...], Field(min_length=1)] = ("purchase",)
    """Names of the event types, such as `[cart, purchase]`."""


def labels(options: Options, dataset: PreparedDataset, touched: Touched) -> NDArray[np.float32]:
    """1 where one of the events is of one of the types, else 0.

    Raises:
        ConfigError: the data have no such type.
    """
    for name in options.types:
        if name not in dataset.event_types:
            raise ConfigError(
                f"a label of the type `event_type` names `{name}`, and no event is of that type. "
                f"{faults.advice(name, dataset.event_types)}"
            )
    codes = [dataset.event_types.index(name) for name in options.types]
    counts = np.isin(dataset.events.type[touched.events], codes)
    return touched.largest(counts).astype(np.float32)
