"""The decision: may the challenger take the champion's place?

Legend: Q queries.
"""

from collections.abc import Iterator

from configs.gate import GateConfig
from trainers.retraining.gate.declining import Earlier, declining
from trainers.retraining.gate.guardrails import index_guardrail, relative_guardrails
from trainers.retraining.gate.paired import better, floors, not_worse
from trainers.retraining.gate.scored import Scored
from trainers.retraining.gate.sliced import Masks, slice_checks
from trainers.retraining.gate.verdict import Check, Verdict
from trainers.retraining.gate.window import (
    require_masks,
    require_one_window,
    users_of,
    window_checks,
)


def decide(
    champion: Scored | None,
    challenger: Scored,
    baseline: Scored | None,
    slices: Masks,
    config: GateConfig,
    seed: int,
    earlier: Earlier | None = None,
) -> Verdict:
    """Look at every rule; a window that can decide nothing fails and is looked at no further.

    All models are scored on the same queries of one window, which is later than what either has
    learned from.

    Args:
        champion: what is served; None where there is nothing yet.
        challenger: what would be published.
        baseline: the most popular items; read only where there is no champion.
        slices: name -> bool [Q], of `slice_masks`; read only where there is a champion.
        config: the rules.
        seed: of the resamples.
        earlier: a version from which the champion has come; None where there is none.

    Raises:
        DataError: the models were not scored on the same queries and metrics, or a mask of
            `config.slices` is missing or does not fit.
    """
    given = {"challenger": challenger, "champion": champion, "baseline": baseline}
    if earlier is not None:
        given[f"version {earlier.version}"] = earlier.scored
    models = {name: model for name, model in given.items() if model is not None}
    require_one_window(models, config.metrics)
    checks = list(window_checks(models, config))
    if all(check.passed for check in checks):
        if champion is None:
            checks += _first(challenger, baseline, config, seed)
        else:
            require_masks(slices, len(challenger.users), config)
            checks += _next(champion, challenger, earlier, slices, config, seed)
    users = users_of(challenger)
    return Verdict(tuple(checks), users, len(challenger.users), champion is None, seed)


def _first(
    challenger: Scored, baseline: Scored | None, config: GateConfig, seed: int
) -> Iterator[Check]:
    """Without a champion something else must vouch for the challenger."""
    found = list(floors(challenger, config))
    if baseline is not None:
        found += better(challenger, baseline, config, seed)
    yield from found or [_nothing_to_compare_with()]
    yield from index_guardrail(challenger.facts, config)


def _next(
    champion: Scored,
    challenger: Scored,
    earlier: Earlier | None,
    slices: Masks,
    config: GateConfig,
    seed: int,
) -> Iterator[Check]:
    yield from floors(challenger, config)
    yield from not_worse(challenger, champion, config, seed)
    yield from declining(challenger, earlier, config, seed)
    yield from slice_checks(challenger, champion, slices, config, seed)
    yield from index_guardrail(challenger.facts, config)
    yield from relative_guardrails(challenger.facts, champion.facts, config)


def _nothing_to_compare_with() -> Check:
    text = (
        "there is neither a champion nor a baseline nor a floor, and nothing is published unseen: "
        "score the most popular items, or set a `floor` of a metric"
    )
    return Check("evidence", False, None, None, text)
