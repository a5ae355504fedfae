"""How a baseline is found, configured and fitted.

A baseline is a module of `tfrs_models.evaluation.baselines` with `class Options(Section)` and
`fit(options, dataset, queries, seed) -> Scorer`. It learns from the positive training events alone;
the scorer may read the histories of the queries, never their targets.
"""

from configs import plugins
from configs.errors import ConfigError
from configs.evaluation import EvaluationConfig
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.top_k import Scorer


class NotApplicableError(ConfigError):
    """A baseline is not made for data of this size: the runner leaves it out and says so."""


def fit_baseline(
    name: str, config: EvaluationConfig, dataset: PreparedDataset, queries: Queries, seed: int
) -> Scorer:
    """Fit the baseline of that name with its settings in `config.baseline_options`."""
    module = plugins.load("baseline", name)
    options = plugins.parse_options("baseline", name, config.baseline_options.get(name, {}))
    scorer: Scorer = module.fit(options, dataset, queries, seed)
    return scorer
