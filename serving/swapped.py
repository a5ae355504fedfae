"""A recommender that follows the stable version of a published model."""

from pathlib import Path

from exports.hot_swap import HotSwap, replay_recorded
from serving.recommender import Recommender


def swapped(
    base: Path, name: str, threads: int = 0, formula: str | None = None
) -> HotSwap[Recommender]:
    """The stable version of a model, opened; `poll` follows it to the next.

    A new version answers its recorded requests before it is leased.

    Args:
        base: folder of all published models.
        name: of the model.
        threads: see `Recommender.open`.
        formula: see `Recommender.open`; a version that lacks its outputs is refused.

    Raises:
        ArtifactError: no version is stable, or it cannot be opened.
        ConfigError, EnvironmentFault: see `Recommender.open`.
    """
    return HotSwap(
        base,
        name,
        load=lambda bundle: Recommender.open(bundle, threads, formula),
        close=Recommender.close,
        warm=lambda recommender, bundle: replay_recorded(recommender.models, bundle),
    )
