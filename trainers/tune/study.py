"""Which settings come next and which trainings are given up: Optuna, asked anew each time.

Both answers are functions of the space, the seed and the trials that have ended. A search that was
killed and goes on therefore proposes what an undisturbed one would have.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState, create_trial

from configs.tune import Choices, Parameter, Range
from trainers.tune.record import Curve, Pruned, Report, Trial

DRAWS = 100
"""Draws for one trial, until one is new."""

# The median rule: how many trials it compares with, and from which epoch. Earlier it would mistake
# a small step size for a bad one.
_FINISHED_TRIALS = 5
_FIRST_EPOCH = 3

_DIGITS = 4  # of a fraction: more says nothing, and the settings are to be read by people


def propose(
    parameters: Sequence[Parameter], seed: int, trials: Sequence[Trial]
) -> Mapping[str, Any] | None:
    """Settings of the next trial: the present ones first, then the draws of a TPE.

    Args:
        parameters: what is searched.
        seed: of the search.
        trials: all that have ended.

    Returns:
        Values by `key.path`, other than those of every trial; None when no draw was new.
    """
    if not trials:
        return {parameter.key: parameter.present for parameter in parameters}
    tried = [trial.settings for trial in trials]
    draws = (_draw(parameters, (seed, len(trials), attempt), trials) for attempt in range(DRAWS))
    return next((settings for settings in draws if settings not in tried), None)


def median_rule(trials: Sequence[Trial]) -> Report:
    """A report that raises `Pruned` where a curve is below the median of the finished ones.

    Compared are the best value of the curve and those that the others had at the same epoch.
    """
    return partial(_give_up, trials)


def _give_up(trials: Sequence[Trial], curve: Curve) -> None:
    pruner = optuna.pruners.MedianPruner(
        _FINISHED_TRIALS, _FIRST_EPOCH, n_min_trials=_FINISHED_TRIALS
    )
    study = _study([_told(trial, {}, {}) for trial in trials if trial.state == "complete"])
    trial = create_trial(state=TrialState.RUNNING, intermediate_values=dict(curve))
    if pruner.prune(study, trial):
        raise Pruned


def _draw(
    parameters: Sequence[Parameter], seeds: Sequence[int], trials: Sequence[Trial]
) -> dict[str, Any]:
    seed = int(np.random.SeedSequence(seeds).generate_state(1)[0])
    study = _study(list(_observations(parameters, trials)), optuna.samplers.TPESampler(seed=seed))
    drawn = study.ask({p.key: _distribution(p) for p in parameters}).params
    return {p.key: _value(p, drawn[p.key]) for p in parameters}


def _study(
    trials: Sequence[FrozenTrial], sampler: optuna.samplers.BaseSampler | None = None
) -> optuna.Study:
    """A study in memory."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.add_trials(trials)
    return study


def _observations(
    parameters: Sequence[Parameter], trials: Sequence[Trial]
) -> Iterator[FrozenTrial]:
    """What the sampler learns from: no failed trial, and no present settings beyond the space."""
    distributions = {p.key: _distribution(p) for p in parameters}
    for trial in trials:
        inside = all(_holds(p.values, trial.settings[p.key]) for p in parameters)
        if inside and trial.state != "failed":
            params = {p.key: _parameter(p.values, trial.settings[p.key]) for p in parameters}
            yield _told(trial, params, distributions)


def _told(
    trial: Trial, params: dict[str, Any], distributions: dict[str, BaseDistribution]
) -> FrozenTrial:
    complete = trial.state == "complete"
    return create_trial(
        state=TrialState.COMPLETE if complete else TrialState.PRUNED,
        value=trial.value if complete else None,
        params=params,
        distributions=distributions,
        intermediate_values=dict(trial.curve),
    )


def _distribution(parameter: Parameter) -> BaseDistribution:
    """Choices are told apart by their place: Optuna takes no lists."""
    values = parameter.values
    if isinstance(values, Choices):
        return CategoricalDistribution(range(len(values.choices)))
    if parameter.whole:
        return IntDistribution(int(values.low), int(values.high), log=values.log)
    return FloatDistribution(values.low, values.high, log=values.log)


def _value(parameter: Parameter, drawn: Any) -> Any:
    values = parameter.values
    if isinstance(values, Choices):
        return values.choices[drawn]
    if parameter.whole:
        return drawn
    return min(max(float(f"{drawn:.{_DIGITS}g}"), values.low), values.high)


def _holds(values: Range | Choices, value: Any) -> bool:
    if isinstance(values, Choices):
        return value in values.choices
    return isinstance(value, int | float) and values.low <= value <= values.high


def _parameter(values: Range | Choices, value: Any) -> Any:
    return values.choices.index(value) if isinstance(values, Choices) else value
