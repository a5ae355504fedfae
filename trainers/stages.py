"""A training as a stage of a run: done once, restored ever after."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from trainers.folders import stage
from trainers.loop import Fit
from trainers.watch import Watch

M = TypeVar("M")


def trained(
    new_watch: Callable[[], Watch],
    folder: Path,
    train: Callable[[Watch], tuple[M, Fit]],
    restored: Callable[[], M],
) -> M:
    """The model of a stage: trained now, or restored when the stage was done before."""
    models: list[M] = []

    def work() -> Mapping[str, Any]:
        with new_watch() as watch:
            model, fitted = train(watch)
        models.append(model)
        return asdict(fitted)

    stage(folder, work)
    return models[0] if models else restored()
