"""The rules that a row must keep. A row that breaks one is quarantined with the reason."""

from collections.abc import Mapping

from tfrs_models.data import cells, sql

MAX_ID_BYTES = 512
MAX_POSITION = 2**15 - 1
MAX_FLOAT32 = 3.4028234663852886e38
CONTROL_CHARACTERS = sql.text(r"[\x00-\x1f\x7f]")


def unreadable(types: Mapping[str, str]) -> list[tuple[str, str]]:
    """A record in which every cell is empty, such as a broken line of a JSONL file."""
    cell = " OR ".join(sql.fill("$c IS NOT NULL", c=sql.name(column)) for column in types)
    return [("unreadable record", sql.fill("NOT ($cell)", cell=cell))]


def of_id(column: str, cleaned: str) -> list[tuple[str, str]]:
    """Reasons and SQL conditions of one id column, whose canonical form is `cleaned`."""
    parts = {
        "id": cleaned,
        "limit": MAX_ID_BYTES,
        "controls": CONTROL_CHARACTERS,
    }
    return [
        (f"missing {column}", sql.fill("$id IS NULL", **parts)),
        (f"{column} longer than {MAX_ID_BYTES} bytes", sql.fill("strlen($id) > $limit", **parts)),
        (
            f"{column} with control characters",
            sql.fill("regexp_matches($id, $controls)", **parts),
        ),
    ]


def of_time(cleaned: str, kind: str, latest: int) -> list[tuple[str, str]]:
    """Reasons and SQL conditions of the timestamp; `latest` is in microseconds since 1970."""
    present = cells.is_present("timestamp", kind)
    return [
        ("missing timestamp", sql.fill("NOT ($present)", present=present)),
        ("unparsable timestamp", sql.fill("$time IS NULL", time=cleaned)),
        ("timestamp before 1970", sql.fill("$time < 0", time=cleaned)),
        ("timestamp in the future", sql.fill("$time > $latest", time=cleaned, latest=latest)),
    ]


def of_value(cleaned: str, kind: str) -> list[tuple[str, str]]:
    """Reasons and SQL conditions of the value."""
    present = cells.is_present("value", kind)
    return [
        (
            "unparsable value",
            sql.fill("$value IS NULL AND $present", value=cleaned, present=present),
        ),
        (
            "value is not finite",
            # From Parquet's statistics, which leave NaN out, DuckDB infers that a comparison holds.
            sql.fill(
                "NOT (isfinite($value) AND abs($value) <= $limit)",
                value=cleaned,
                limit=MAX_FLOAT32,
            ),
        ),
    ]


def of_position(cleaned: str, kind: str) -> list[tuple[str, str]]:
    """Reasons and SQL conditions of the position."""
    present = cells.is_present("position", kind)
    return [
        (
            "unparsable position",
            sql.fill("$position IS NULL AND $present", position=cleaned, present=present),
        ),
        (
            f"position not between 0 and {MAX_POSITION}",
            sql.fill("$position NOT BETWEEN 0 AND $limit", position=cleaned, limit=MAX_POSITION),
        ),
    ]


def first_reason(faults: list[tuple[str, str]]) -> str:
    """SQL expression of the first broken rule; NULL when all are kept."""
    cases = " ".join(
        sql.fill("WHEN $condition THEN $reason", condition=condition, reason=sql.text(reason))
        for reason, condition in faults
    )
    return sql.fill("CASE $cases END", cases=cases)
