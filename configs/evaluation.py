"""What is measured, and against what."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from pydantic import Field, field_validator

from configs import faults, plugins
from configs.section import Section

Positive = Annotated[int, Field(ge=1)]


class EvaluationConfig(Section):
    """Exact ranking of the whole catalogue, compared with baselines on the same queries."""

    ks: Annotated[tuple[Positive, ...], Field(min_length=1)] = (5, 10, 20, 50, 100)
    """Lengths of the lists."""
    exclude_seen: bool = True
    """Remove the items of the user's history from the lists and from the targets."""
    baselines: tuple[str, ...] = (
        "most_popular",
        "recently_popular",
        "user_knn",
        "item_knn",
        "content",
        "ease",
    )
    """Names of the baselines: modules of `tfrs_models.evaluation.baselines`, or dotted names."""
    baseline_options: Mapping[str, Mapping[str, Any]] = {}
    """Settings by baseline, such as `{item_knn: {neighbours: 200}}`."""
    bootstrap_samples: Annotated[int, Field(ge=0)] = 1000
    """Resamples of the users for the 95% intervals; 0 leaves the intervals out."""
    max_users: Annotated[int, Field(ge=1)] | None = None
    """Evaluate a seeded sample of this many users; all when missing."""
    curve_users: Annotated[int, Field(ge=0)] = 200
    """Users whose lists draw the curve of relevance against diversity; 0 draws none."""
    memory_limit_mib: Annotated[int, Field(ge=64)] = 1024
    """Memory that one block of scores may take."""

    @field_validator("baselines")
    @classmethod
    def _check_baselines(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            plugins.options_class("baseline", name)
        return names

    @field_validator("baseline_options")
    @classmethod
    def _check_options(
        cls, options: Mapping[str, Mapping[str, Any]]
    ) -> Mapping[str, Mapping[str, Any]]:
        found: list[faults.Fault] = []
        for name, raw in options.items():
            parse = partial(plugins.parse_options, "baseline", name, raw)
            faults.attempt(found, parse, (name,))
        if found:
            raise faults.report(cls.__name__, found)
        return options
