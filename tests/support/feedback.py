"""A tiny shop and comparisons in it, for the tests of `trainers.feedback`."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from support.training import tiny_config

from configs.run import RunConfig
from trainers.feedback.experiment import Experiment, Size, begin, experiment_folder
from trainers.feedback.measures import Measure
from trainers.feedback.policies import parse_policies
from trainers.feedback.run import compare

SHOP: Mapping[str, Any] = {"users": 60, "items": 80, "categories": 4, "sessions_per_user": 4.0}
SIZE = Size(users=30, k=5, epochs=1)


def tiny_shop(**sections: Any) -> RunConfig:
    """A shop of 60 users and 80 items; `sections` are laid over it, key by key."""
    return tiny_config(**{"data": {"simulated": SHOP}, **sections})


def begun(folder: Path, **sections: Any) -> Experiment:
    """An experiment without a round."""
    config = tiny_shop(**sections)
    place = experiment_folder(folder, config, SIZE)
    place.mkdir(parents=True, exist_ok=True)
    return begin(config, SIZE, folder, place)


def compared(
    folder: Path, policies: str, rounds: int = 2, **sections: Any
) -> tuple[Path, list[Measure], str]:
    """The folder of a comparison, its measures, and what was printed."""
    text = io.StringIO()
    console = Console(file=text, width=200)
    config, named = tiny_shop(**sections), parse_policies(policies)
    place, measures = compare(config, named, rounds, SIZE, "age_group", folder, console)
    return place, measures, text.getvalue()
