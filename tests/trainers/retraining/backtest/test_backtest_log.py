"""The log, its cuts, and what the data of a step hold."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from support.backtests import START, USERS, log_config, write_events

from configs.errors import ConfigError, DataError
from configs.load import changed
from configs.run import RunConfig
from tfrs_models.data.dataset import TEST, TRAIN, VALIDATION
from tfrs_models.data.prepare import prepare
from tfrs_models.data.times import DAY
from trainers.retraining.backtest.ground import (
    EVENTS,
    Ground,
    config_at,
    steps_with_events,
    survey,
)
from trainers.retraining.backtest.log import cut, positives
from trainers.retraining.backtest.steps import Asked

QUIET = Console(quiet=True)


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    return log_config(write_events(tmp_path / "events.parquet"))


@pytest.fixture
def ground(config: RunConfig, tmp_path: Path) -> Ground:
    """Two steps of two days, the last ones of twelve."""
    made = survey(config, Asked(2 * DAY, 2), tmp_path, QUIET)
    cut(made.log, made.planned, made.folder / EVENTS)
    return made


def test_the_log_holds_the_valid_events_in_order(ground: Ground) -> None:
    log = pq.read_table(ground.log / "events.parquet")
    times = log["timestamp"].cast("int64").to_numpy()
    assert len(log) == 12 * len(USERS)
    assert (np.diff(times) > 0).all()
    assert set(log["event_weight"].to_pylist()) == {1.0}


def test_each_event_is_in_one_cut(ground: Ground) -> None:
    cuts = sorted((ground.folder / EVENTS).glob("*.parquet"))
    # Eight days before the first step, then two days a step.
    assert [pq.read_table(path).num_rows // len(USERS) for path in cuts] == [8, 2, 2]
    assert [path.name for path in cuts] == ["0000.parquet", "0001.parquet", "0002.parquet"]


def test_positives_are_counted_by_step(tmp_path: Path) -> None:
    config = log_config(write_events(tmp_path / "events.parquet", closed=(10, 11)))
    ground = survey(config, Asked(2 * DAY, 2), tmp_path, QUIET)
    assert positives(ground.log, ground.planned) == [8 * len(USERS), 2 * len(USERS), 0]
    assert [step.number for step in steps_with_events(ground)] == [1]


def test_nothing_of_a_step_is_learned_and_nothing_later_exists(
    ground: Ground, tmp_path: Path
) -> None:
    for step in ground.planned:
        dataset = prepare(config_at(ground, step).data, 42, tmp_path / "datasets")
        time, split = dataset.events.time, dataset.events.split
        assert time.max() < step.end
        assert (split == TEST).tolist() == (time >= step.start).tolist()
        assert time[split == TRAIN].max() < step.start - 2 * DAY
        assert time[split == VALIDATION].min() >= step.start - 2 * DAY


def test_the_data_of_the_last_step_are_those_of_the_source(
    ground: Ground, config: RunConfig, tmp_path: Path
) -> None:
    start = datetime.fromtimestamp(ground.planned[-1].start / 1e6).astimezone().isoformat()
    cuts = {"data.split.options": {"validation_days": 2, "test_start": start}}
    datasets = tmp_path / "datasets"
    whole = prepare(changed(config, cuts).data, 42, datasets)
    same = prepare(config_at(ground, ground.planned[-1]).data, 42, datasets)
    for name in ("user", "item", "time", "split", "weight"):
        np.testing.assert_array_equal(getattr(whole.events, name), getattr(same.events, name))
    for name in ("items", "users"):
        tables = [pq.read_table(one.folder / f"{name}.parquet") for one in (whole, same)]
        assert tables[0].equals(tables[1])


def test_a_log_is_written_once(ground: Ground, config: RunConfig, tmp_path: Path) -> None:
    before = (ground.log / "events.parquet").stat().st_mtime_ns
    again = survey(config, Asked(DAY, 3), tmp_path, QUIET)
    assert (again.log / "events.parquet").stat().st_mtime_ns == before
    assert again.folder != ground.folder


def test_simulated_data_bring_their_items_and_users(tmp_path: Path) -> None:
    world = {"users": 20, "items": 15, "days": 10, "categories": 3}
    data = {"source": "simulated", "simulated": world}
    config = RunConfig.model_validate({"data": data})
    ground = survey(config, Asked(DAY, 1), tmp_path, QUIET)
    cut(ground.log, ground.planned, ground.folder / EVENTS)
    dataset = prepare(config_at(ground, ground.planned[0]).data, 42, tmp_path / "datasets")
    assert "category" in pq.read_schema(dataset.folder / "items.parquet").names
    assert dataset.num_users - 2 == 20


def test_a_split_that_is_not_one_in_time_is_refused(config: RunConfig, tmp_path: Path) -> None:
    other = changed(config, {"data.split": {"type": "random", "options": {}}})
    with pytest.raises(ConfigError, match=r"`data\.split\.type` must be `global_temporal`"):
        survey(other, Asked(DAY), tmp_path, QUIET)


def test_a_fixed_time_of_validation_is_refused(config: RunConfig, tmp_path: Path) -> None:
    options = {"validation_start": "2025-01-05", "validation_days": None}
    fixed = changed(config, {"data.split": {"type": "global_temporal", "options": options}})
    with pytest.raises(ConfigError, match="Give its length, `validation_days`"):
        survey(fixed, Asked(DAY), tmp_path, QUIET)


@pytest.mark.parametrize(
    ("first_day", "found"), [(0, "0 positive events before"), (20, "and 0 in the steps")]
)
def test_steps_outside_the_events_are_refused(
    first_day: int, found: str, config: RunConfig, tmp_path: Path
) -> None:
    start = datetime.fromtimestamp((START + first_day * DAY) / 1e6).astimezone()
    ground = survey(config, Asked(DAY, 2, start), tmp_path, QUIET)
    with pytest.raises(DataError, match=found):
        steps_with_events(ground)
