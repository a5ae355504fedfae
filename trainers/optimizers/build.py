"""The optimizer of each stage."""

from typing import Any

from configs.ranking import RankingConfig
from configs.training import TrainingConfig
from tfrs_models.backend import tf
from tfrs_models.layers.embedding import is_table
from tfrs_models.models.wide_deep import is_wide
from trainers.optimizers.grouped import Grouped
from trainers.optimizers.row_sparse import RowSparse
from trainers.optimizers.rules import adam, ftrl


class WarmUp(tf.keras.optimizers.schedules.LearningRateSchedule):
    """Linear growth from 0 over the first steps, constant from there on."""

    def __init__(self, rate: float, steps: int) -> None:
        self._rate = rate
        self._steps = steps

    def __call__(self, step: Any) -> Any:
        """The rate of a step, from 0: float32."""
        return self._rate * tf.minimum(1.0, (tf.cast(step, tf.float32) + 1.0) / self._steps)

    def get_config(self) -> dict[str, Any]:
        """Rate and steps."""
        return {"rate": self._rate, "steps": self._steps}


def retrieval_optimizer(config: TrainingConfig) -> Grouped:
    """Row-sparse Adam for embedding tables, Adam for the rest."""
    return Grouped([_tables(config), _dense(config)], config.clip_norm)


def ranking_optimizer(config: RankingConfig) -> Grouped:
    """FTRL for the wide part, row-sparse Adam for embedding tables, Adam for the rest."""
    wide = RowSparse(ftrl(config.ftrl_l1), config.ftrl_learning_rate, "wide")
    groups = [
        (wide, is_wide),
        _tables(config.training),
        _dense(config.training),
    ]
    return Grouped(groups, config.training.clip_norm)


def _tables(config: TrainingConfig) -> tuple[RowSparse, Any]:
    rate = _schedule(config.embedding_learning_rate, config.warmup_steps)
    return RowSparse(adam(), rate, "tables"), is_table


def _dense(config: TrainingConfig) -> tuple[RowSparse, Any]:
    rate = _schedule(config.learning_rate, config.warmup_steps)
    return RowSparse(adam(), rate, "dense"), lambda _: True


def _schedule(rate: float, warmup_steps: int) -> Any:
    return WarmUp(rate, warmup_steps) if warmup_steps else rate
