from pathlib import Path

import duckdb
import pytest

from configs.data import DataConfig
from tfrs_models.data.sources import simulated
from tfrs_models.data.sources.simulated import Options

SMALL = Options(users=100, items=80, days=3)


def test_a_read_gives_three_relations_with_the_agreed_columns(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        raw = simulated.read(SMALL, connection, tmp_path, 1)
        events = connection.table(raw.events)
        assert {"user_id", "item_id", "timestamp", "event_type", "value"} <= set(events.columns)
        assert {"request_id", "position", "device"} <= set(events.columns)
        assert events.aggregate("count(*)").fetchall()[0][0] > 1000
        assert connection.table(str(raw.items)).aggregate("count(*)").fetchall() == [(80,)]
        assert connection.table(str(raw.users)).aggregate("count(*)").fetchall() == [(100,)]


def test_every_event_belongs_to_an_item_and_a_user_of_the_tables(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        raw = simulated.read(SMALL, connection, tmp_path, 1)
        left_over = connection.sql(
            f"SELECT count(*) FROM {raw.events} ANTI JOIN {raw.items} USING (item_id)"
        ).fetchall()
        strangers = connection.sql(
            f"SELECT count(*) FROM {raw.events} ANTI JOIN {raw.users} USING (user_id)"
        ).fetchall()
        assert (left_over, strangers) == ([(0,)], [(0,)])


def test_the_hash_names_the_options_and_the_seed() -> None:
    name = simulated.content_hash(SMALL, 1)
    assert name == simulated.content_hash(Options(users=100, items=80, days=3), 1)
    assert name != simulated.content_hash(SMALL, 2)
    assert name != simulated.content_hash(SMALL.model_copy(update={"users": 101}), 1)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("users", 1), ("items", 2_000_000), ("days", 0), ("new_items", 1.5),
        ("click_rate", 1.0), ("impressions", "none"), ("start", "yesterday"), ("user", 5),
    ],
)  # fmt: skip
def test_an_option_out_of_bounds_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValueError, match=key):
        Options.model_validate({key: value})


def test_the_simulated_source_is_the_default() -> None:
    assert DataConfig().source_options == Options()
