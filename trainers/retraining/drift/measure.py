"""A window of data compared with an earlier one, each measure judged."""

from typing import TYPE_CHECKING

from configs import faults
from configs.drift import DriftConfig
from configs.errors import ConfigError, DataError
from trainers.retraining.drift.alike import Window
from trainers.retraining.drift.columns import compared
from trainers.retraining.drift.compare import compare
from trainers.retraining.drift.findings import DriftReport
from trainers.retraining.drift.pairs import pairs
from trainers.retraining.drift.rates import Vocabularies, judge, rates
from trainers.retraining.drift.volume import days, judge_day

if TYPE_CHECKING:
    import pyarrow as pa

NO_VOCABULARIES: Vocabularies = {}


def measure_drift(
    reference: "pa.Table",
    current: "pa.Table",
    settings: DriftConfig,
    vocabularies: Vocabularies = NO_VOCABULARIES,
) -> DriftReport:
    """Compare two windows: distributions, rates, and rows a day.

    Args:
        reference: earlier rows, such as those the served model was trained on.
        current: later rows.
        settings: what is compared, and how far it may move.
        vocabularies: known values by column, as text; the share of others is compared.

    Raises:
        DataError: a table is empty, or a column is missing or cannot be compared.
        ConfigError: a metric does not suit its column, or settings name no column.
    """
    check_rows(reference, current)
    _check_settings(reference, settings)
    names = compared(reference, current, settings)
    before, now = (Window.of(table, settings.cluster) for table in (reference, current))
    found = [one for name in names for one in pairs(before, now, name, settings)]
    means = rates(before, now, names, settings, vocabularies)
    volumes = days(before, current, settings.date) if settings.date else []
    each = settings.significance / max(1, len(found) + len(means) + len(volumes))
    return DriftReport(
        (len(reference), len(current)),
        settings.significance,
        tuple(compare(one, settings, each) for one in found),
        tuple(judge(one, settings, each) for one in means),
        tuple(judge_day(one, settings, each) for one in volumes),
    )


def check_rows(reference: "pa.Table", current: "pa.Table") -> None:
    """Refuse tables without rows.

    Raises:
        DataError: one has none.
    """
    if not (len(reference) and len(current)):
        raise DataError(
            f"both tables need rows, received {len(reference)} and {len(current)}: "
            "widen the window, or do not compare"
        )


def _check_settings(reference: "pa.Table", settings: DriftConfig) -> None:
    for name in settings.columns:
        if name not in reference.column_names:
            raise ConfigError(
                f"`columns` has settings for `{name}`, which the reference table does not have. "
                f"{faults.advice(name, reference.column_names)}"
            )
