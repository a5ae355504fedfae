"""The optimizer of each stage."""

from typing import Any

from configs.ranking import RankingConfig
from configs.training import TrainingConfig
from trainers.optimizers.grouped import Grouped
from trainers.optimizers.row_sparse import RowSparse
from trainers.optimizers.rules import RULES, ftrl
from trainers.optimizers.schedule import Schedule


def retrieval_optimizer(config: TrainingConfig, total_steps: int) -> Grouped:
    """One group for embedding tables, one for the rest.

    Args:
        config: the loop's settings.
        total_steps: steps of the whole training, at whose end step sizes that decay are 0.
    """
    return Grouped([_tables(config, total_steps), _dense(config, total_steps)], config.clip_norm)


def ranking_optimizer(config: RankingConfig, total_steps: int) -> Grouped:
    """FTRL for the wide part, one group for embedding tables, one for the rest."""
    wide = RowSparse(ftrl(config.ftrl_l1), config.ftrl_learning_rate, "wide")
    groups = [
        (wide, "wide"),
        _tables(config.training, total_steps),
        _dense(config.training, total_steps),
    ]
    return Grouped(groups, config.training.clip_norm)


def _tables(config: TrainingConfig, total_steps: int) -> tuple[RowSparse, str]:
    rate = _schedule(config, config.embedding_learning_rate, total_steps)
    rule = RULES[config.embedding_optimizer]()
    return RowSparse(rule, rate, "tables", config.embedding_l2), "table"


def _dense(config: TrainingConfig, total_steps: int) -> tuple[RowSparse, str]:
    rate = _schedule(config, config.learning_rate, total_steps)
    return RowSparse(RULES[config.optimizer](), rate, "dense"), "any"


def _schedule(config: TrainingConfig, rate: float, total_steps: int) -> Any:
    if config.warmup_steps == 0 and config.decay == "constant":
        return rate
    return Schedule(rate, config.warmup_steps, config.decay, total_steps)
