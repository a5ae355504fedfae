"""How far data may move before a retraining warns or stops."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from configs import faults
from configs.section import Section

Action = Literal["warn", "stop"]
Metric = Literal["jensen_shannon", "l_infinity", "normalized_difference"]
Distance = Annotated[float, Field(gt=0, le=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]


class ColumnDriftConfig(Section):
    """What is special about one column."""

    metric: Metric = "jensen_shannon"
    """How its distributions are compared; the other two only where values are names."""
    threshold: Distance | None = None
    """Largest distance without an alarm; when missing it is calibrated to the number of rows."""
    max_mismatch: Share | None = None
    """Share of the requests whose served value may differ; that of the section when missing."""
    action: Action | None = None
    """What an alarm does; that of the section when missing."""


class DriftConfig(Section):
    """Drift between two windows of data, and skew between training and serving."""

    significance: Annotated[float, Field(gt=0, lt=1)] = 0.001
    """Chance of any false alarm in a report about data that did not move (Bonferroni)."""
    min_distance: Annotated[float, Field(ge=0, lt=1)] = 0.02
    """Smaller distances are no alarm, however sure they are."""
    min_rate_change: Share = 0.01
    """The same for the shares of missing values, unknown values and positive labels."""
    min_length_change: Annotated[float, Field(ge=0)] = 0.1
    """The same for the mean length of lists, as a part of the mean in the reference."""
    action: Action = "warn"
    """What an alarm does: `warn` goes on, `stop` keeps the served model."""
    watch: tuple[str, ...] = ()
    """Columns that are compared; all that can be when empty."""
    ignore: tuple[str, ...] = ("request_id", "event_id", "timestamp")
    """Columns that are left out."""
    categorical: tuple[str, ...] = ("user_id", "item_id")
    """Columns whose numbers are names."""
    cluster: str | None = "user_id"
    """Column whose equal values mark rows that are alike, such as events of one user: they tell
    less than as many independent ones, so thresholds rise. Passed over where it is not there."""
    columns: Mapping[str, ColumnDriftConfig] = {}
    """Settings of single columns."""
    stop_at: Mapping[str, Distance] = {"event_type": 0.05, "event_filled": 0.05}
    """Distances of columns from which on the served model is kept, whatever the action: another mix
    of events is another kind of data. `tfrs retrain` adds `event_filled`, the type of an event and
    which of `value` and `position` it has. Columns that are not there are passed over."""
    label: str | None = None
    """Column that is true, or 1, for a positive event; its share is compared."""
    date: str | None = None
    """Column of times or dates; the rows of each day are compared with those of its weekday."""
    volume_ratio: tuple[float, float] = (0.5, 2.0)
    """Smallest and largest ratio of a day's rows to the mean of its weekday in the reference."""
    max_mismatch: Share = 0.001
    """Share of the joined requests in which a served feature may differ from the trained one."""
    max_values: Positive = 1000
    """Most frequent values of a column that are compared one by one; the rest are one value."""
    min_count: Positive = 20
    """Values of fewer independent rows, as expected in the smaller window, join the rest: the null
    holds for none so rare."""
    bins: Annotated[int, Field(ge=2)] = 20
    """Buckets of equal mass, of both windows together, into which numbers fall."""

    @model_validator(mode="after")
    def _check_volume(self) -> Self:
        low, high = self.volume_ratio
        if not 0 <= low < 1 < high:
            raise ValueError(
                f"`volume_ratio` is [below 1, above 1], received [{low}, {high}]: "
                "write the smallest ratio first, such as [0.5, 2.0]"
            )
        return self

    @model_validator(mode="after")
    def _check_lists(self) -> Self:
        for name in ("watch", "ignore", "categorical"):
            twice = [one for one, count in Counter(getattr(self, name)).items() if count > 1]
            if twice:
                raise ValueError(f"`{name}` names `{twice[0]}` twice: keep one of them")
        both = sorted(set(self.watch) & set(self.ignore))
        if both:
            raise ValueError(
                f"`watch` and `ignore` both name `{both[0]}`: a column is compared or left out, "
                "so remove it from one of them"
            )
        return self

    @model_validator(mode="after")
    def _check_columns(self) -> Self:
        for name in sorted(set(self.columns) - {self.label, self.date}):
            if name in self.ignore:
                raise ValueError(
                    f"`columns` has settings for `{name}`, which `ignore` leaves out: "
                    "remove it from one of them"
                )
            if self.watch and name not in self.watch:
                raise ValueError(
                    f"`columns` has settings for `{name}`, which `watch` does not name. "
                    f"{faults.advice(name, self.watch)}, or add it to `watch`"
                )
        return self

    def of(self, column: str) -> ColumnDriftConfig:
        """The settings of a column."""
        return self.columns.get(column, ColumnDriftConfig())

    def action_of(self, column: str) -> Action:
        """What an alarm of a column does."""
        return self.of(column).action or self.action

    def mismatch_of(self, column: str) -> float:
        """Share of the joined requests in which a column may differ."""
        own = self.of(column).max_mismatch
        return self.max_mismatch if own is None else own
