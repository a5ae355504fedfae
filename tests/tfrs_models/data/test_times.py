"""Times in every notation become the same microseconds."""

import duckdb
import pytest

from tfrs_models.data import times

MOMENT = 1_600_000_000_000_000  # 2020-09-13T12:26:40Z
CASES = [
    ("1600000000", "auto"),
    ("'1600000000'", "auto"),
    ("1600000000.0", "auto"),
    ("1600000000000", "auto"),
    ("1600000000000000", "auto"),
    ("1600000000000000000", "auto"),
    ("1600000000", "s"),
    ("1600000000000", "ms"),
    ("'2020-09-13T12:26:40'", "auto"),
    ("'2020-09-13 12:26:40Z'", "auto"),
    ("'2020-09-13T14:26:40+02:00'", "auto"),
    ("'13.09.2020 12:26:40'", "%d.%m.%Y %H:%M:%S"),
    ("TIMESTAMP '2020-09-13 12:26:40'", "auto"),
    ("TIMESTAMP_NS '2020-09-13 12:26:40'", "auto"),
    ("TIMESTAMPTZ '2020-09-13 14:26:40+02'", "auto"),
]


def read(connection: duckdb.DuckDBPyConnection, literal: str, form: str) -> int | None:
    connection.execute(f"CREATE TABLE t AS SELECT {literal} AS clock")
    expression = times.microseconds(connection, "t", "clock", form)
    [[found]] = connection.execute(f"SELECT {expression} FROM t").fetchall()
    return found


@pytest.mark.parametrize(("literal", "form"), CASES)
def test_a_time_is_read(connection, literal, form):
    assert read(connection, literal, form) == MOMENT


def test_a_date_is_its_first_moment(connection):
    assert read(connection, "DATE '1970-01-02'", "auto") == times.DAY


@pytest.mark.parametrize("literal", ["'soon'", "NULL::VARCHAR", "TIMESTAMP 'infinity'", "'nan'"])
def test_what_is_no_time_is_null(connection, literal):
    assert read(connection, literal, "auto") is None


def test_iso_and_back():
    assert times.to_iso(MOMENT) == "2020-09-13T12:26:40+00:00"
