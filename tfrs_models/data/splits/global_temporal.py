"""One cut in time for everybody: train before validation before test.

The only split in which nothing is learned from the future; the default.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from configs.errors import DataError
from configs.section import Section
from tfrs_models.data import sql, times
from tfrs_models.data.assignment import Assignment
from tfrs_models.data.dataset import TEST, TRAIN, VALIDATION

if TYPE_CHECKING:
    import duckdb

Days = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, lt=1)]
DEFAULT_SHARE = 0.1


class Options(Section):
    """Where the two cuts lie. Each is given in one way; by default the last tenth of the events."""

    test_days: Days | None = None
    """Length of the test window, up to the last event."""
    test_share: Share | None = None
    """Share of the events in the test window (0.1 when nothing is given)."""
    test_start: datetime | None = None
    """First moment of the test window; UTC when it has no zone."""
    validation_days: Days | None = None
    """Length of the validation window, up to the start of the test window."""
    validation_share: Share | None = None
    """Share of the events before the test window (0.1 when nothing is given)."""
    validation_start: datetime | None = None
    """First moment of the validation window; UTC when it has no zone."""

    @model_validator(mode="after")
    def _check_one_way(self) -> Self:
        for part in ("test", "validation"):
            fields = [f"{part}_{way}" for way in ("days", "share", "start")]
            given = [field for field in fields if getattr(self, field) is not None]
            if len(given) > 1:
                raise ValueError(
                    f"the cut of the {part} window is given in two ways, "
                    f"{' and '.join(f'`{field}`' for field in given)}: keep one"
                )
        return self


def assign(
    options: Options, connection: "duckdb.DuckDBPyConnection", events: str, seed: int
) -> Assignment:
    """Events from the test cut on are test; those from the validation cut on, validation."""
    last = sql.value(connection, "SELECT max(event_time) FROM $events", events=sql.name(events))
    test = _cut(
        connection, events, last + 1, options.test_days, options.test_share, options.test_start
    )
    validation = _cut(
        connection,
        events,
        test,
        options.validation_days,
        options.validation_share,
        options.validation_start,
    )
    if validation >= test:
        raise DataError(
            f"the validation window must start before the test window, received "
            f"{times.to_iso(validation)} and {times.to_iso(test)}: move `validation_start` or "
            "`test_start` in `data.split.options`"
        )
    code = sql.fill(
        "CASE WHEN event_time >= $test THEN $test_code "
        "WHEN event_time >= $validation THEN $validation_code ELSE $train_code END",
        test=test,
        validation=validation,
        test_code=TEST,
        validation_code=VALIDATION,
        train_code=TRAIN,
    )
    cuts = {"validation_start": times.to_iso(validation), "test_start": times.to_iso(test)}
    return Assignment(code, sql.name(events), cuts)


def _cut(
    connection: "duckdb.DuckDBPyConnection",
    events: str,
    end: int,
    days: float | None,
    share: float | None,
    start: datetime | None,
) -> int:
    """Start of the window that ends before `end`, in microseconds."""
    if start is not None:
        return times.from_datetime(start)
    if days is not None:
        return end - round(days * times.DAY)
    return _share_cut(connection, events, end, share or DEFAULT_SHARE)


def _share_cut(connection: "duckdb.DuckDBPyConnection", events: str, end: int, share: float) -> int:
    """Time of the event from which on about `share` of the events before `end` lie."""
    count = sql.value(
        connection,
        "SELECT count(*) FROM $events WHERE event_time < $end",
        events=sql.name(events),
        end=end,
    )
    if count == 0:
        raise DataError(
            f"no events lie before the test window, which starts at {times.to_iso(end)}: set a "
            "later `test_start` or a shorter `test_days` in `data.split.options`"
        )
    before = count - max(1, round(count * share))
    return int(
        sql.value(
            connection,
            "SELECT quantile_disc(event_time, $rank) FROM $events WHERE event_time < $end",
            rank=(before + 0.5) / count,
            events=sql.name(events),
            end=end,
        )
    )
