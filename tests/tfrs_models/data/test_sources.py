"""Every source plug-in through the same facts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from configs import plugins
from tfrs_models.data import sql
from tfrs_models.data.tables import REQUIRED_EVENT_COLUMNS, SOURCE_COLUMNS, RawTables


def files_options(folder: Path) -> dict[str, Any]:
    path = folder / "events.csv"
    path.write_text("user_id,item_id,timestamp\nu1,i1,1600000000\nu2,i2,1600000001\n")
    (folder / "items.csv").write_text("item_id,title\ni1,One\n")
    return {"events": str(path), "items": str(folder / "items.csv")}


def simulated_options(folder: Path) -> dict[str, Any]:
    return {"users": 30, "items": 20, "days": 5}


MAKE: dict[str, Callable[[Path], dict[str, Any]]] = {
    "files": files_options,
    "simulated": simulated_options,
}
SOURCES = [
    pytest.param(name, marks=pytest.mark.slow if name == "tfds" else ())
    for name in plugins.names("source")
]


@pytest.fixture
def options(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], Any]:
    def make(name: str) -> Any:
        if name == "tfds":
            raw = {"data_dir": str(request.getfixturevalue("movielens")), "download": True}
        else:
            raw = MAKE[name](tmp_path)
        return plugins.parse_options("source", name, raw)

    return make


@pytest.fixture
def read(connection, tmp_path, options) -> Callable[[str], RawTables]:
    def run(name: str) -> RawTables:
        found: RawTables = plugins.load("source", name).read(options(name), connection, tmp_path, 3)
        return found

    return run


@pytest.mark.parametrize("name", SOURCES)
def test_events_have_the_required_columns(connection, read, name):
    raw = read(name)
    assert set(REQUIRED_EVENT_COLUMNS) <= set(sql.column_types(connection, raw.events))


@pytest.mark.parametrize("name", SOURCES)
def test_entities_have_their_ids(connection, read, name):
    raw = read(name)
    for relation, key in ((raw.items, "item_id"), (raw.users, "user_id")):
        assert relation is None or key in sql.column_types(connection, relation)


@pytest.mark.parametrize("name", SOURCES)
def test_rows_that_know_their_file_know_their_number(connection, read, name):
    raw = read(name)
    types = sql.column_types(connection, raw.events)
    if set(SOURCE_COLUMNS) & set(types):
        missing = f'SELECT count(*) FROM "{raw.events}" WHERE source_row IS NULL'
        assert connection.execute(missing).fetchall() == [(0,)]


@pytest.mark.parametrize("name", SOURCES)
def test_reading_twice_gives_the_same_rows(connection, read, name):
    def rows() -> list[tuple[Any, ...]]:
        relation = read(name).events
        found = connection.execute(f'FROM "{relation}"').fetchall()
        for table, kind in connection.execute(
            "SELECT table_name, table_type FROM information_schema.tables"
        ).fetchall():
            connection.execute(f'DROP {"VIEW" if kind == "VIEW" else "TABLE"} IF EXISTS "{table}"')
        return found

    assert rows() == rows()


@pytest.mark.parametrize("name", SOURCES)
def test_the_content_hash_is_stable(options, name):
    source = plugins.load("source", name)
    given = options(name)
    assert source.content_hash(given, 3) == source.content_hash(given, 3)


@pytest.mark.parametrize("name", SOURCES)
def test_unknown_settings_are_refused(name):
    with pytest.raises(ValueError, match="colour"):
        plugins.parse_options("source", name, {"colour": 1})
