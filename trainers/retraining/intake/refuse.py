"""When a whole file is refused."""

from typing import TYPE_CHECKING

from configs.errors import DataError
from configs.intake import IntakeConfig
from tfrs_models.data import quarantine
from trainers.retraining.intake.judge import LATE, Counts

if TYPE_CHECKING:
    import duckdb


def refuse(connection: "duckdb.DuckDBPyConnection", counts: Counts, config: IntakeConfig) -> None:
    """Check that a file holds sound rows in good time.

    Args:
        connection: with the quarantine of the file.
        counts: what became of its rows.
        config: the limits.

    Raises:
        DataError: it does not.
    """
    if counts.read == 0:
        raise DataError("it has no rows.")
    _refuse_broken(connection, counts, config.max_bad_share)
    _refuse_late(counts, config)


def _refuse_broken(
    connection: "duckdb.DuckDBPyConnection", counts: Counts, max_share: float
) -> None:
    bad, rows = counts.quarantined, counts.rows
    if bad == 0 or (bad < rows and bad <= max_share * rows):
        return
    found = f"{_reasons(connection)}. First: {quarantine.example(connection)}."
    if bad == rows:
        raise DataError(f"all its rows ({rows:,}) are broken: {found}")
    raise DataError(
        f"{bad:,} of {rows:,} rows are broken, more than `max_bad_share` = {max_share} allows: "
        f"{found}"
    )


def _refuse_late(counts: Counts, config: IntakeConfig) -> None:
    if counts.late > config.max_late_share * counts.rows:
        raise DataError(
            f"{counts.late:,} of {counts.rows:,} rows are more than `allowed_lateness_hours` = "
            f"{config.allowed_lateness_hours} older than the newest event of former files, more "
            f"than `max_late_share` = {config.max_late_share} allows. To take in old data once, "
            "raise `allowed_lateness_hours` for one run."
        )


def _reasons(connection: "duckdb.DuckDBPyConnection") -> str:
    found = quarantine.reasons(connection, "events")
    found.pop(LATE, None)
    return ", ".join(f"{reason} ({count:,})" for reason, count in list(found.items())[:3])
