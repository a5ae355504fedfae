"""The training rows of one column, as DuckDB reads them: in a stream, in bounded memory."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tfrs_models.data import sql

MEMORY_LIMIT = "2GiB"
STRIPPED = " \t\n\v\f\r"


@dataclass(frozen=True)
class TrainingColumn:
    """The values of one column in the training rows, missing ones left out.

    Values are the same as the graph sees: strings, float32 numbers or int64 seconds.

    Attributes:
        reader: makes a new Arrow stream of record batches with one column `value`.
        end_of_training: time of the last training event, in seconds since 1970 UTC.
        relation: what is read, in SQL over the table `raw_values` with one column `value`.
    """

    reader: Callable[[], Any]
    end_of_training: int
    relation: str = "raw_values"

    def query(self, template: str, **parts: object) -> list[tuple[Any, ...]]:
        """Rows of a query over `training`, a table with one column `value`.

        The template's `$parts` are filled by `tfrs_models.data.sql.fill`. There is one thread, so
        that sums come out the same in every run.
        """
        import duckdb

        with (
            tempfile.TemporaryDirectory() as spill,
            duckdb.connect(
                config={"threads": 1, "memory_limit": MEMORY_LIMIT, "temp_directory": spill}
            ) as connection,
        ):
            connection.register("raw_values", self.reader())
            return sql.rows(
                connection,
                f"WITH training AS (FROM $relation) {template}",
                relation=self.relation,
                **parts,
            )

    def split(self, separator: str) -> "TrainingColumn":
        """The pieces of every string, stripped, empty ones left out."""
        pieces = sql.fill(
            "(SELECT unnest($pieces) AS value FROM $relation)",
            pieces=_pieces(separator),
            relation=self.relation,
        )
        return replace(self, relation=pieces)

    def most_pieces(self, separator: str) -> int:
        """The largest number of pieces in one string."""
        [(most,)] = self.query("SELECT max(len($pieces)) FROM training", pieces=_pieces(separator))
        return int(most or 0)

    def most_frequent(self, min_count: int, max_size: int) -> list[str]:
        """Values in order of their count, then of their bytes.

        A value with a line break is left out: a vocabulary has one value a line.
        """
        rows = self.query(
            """
            SELECT value FROM training WHERE NOT regexp_matches(value, '[\\n\\r]')
            GROUP BY value HAVING count(*) >= $min_count
            ORDER BY count(*) DESC, value LIMIT $max_size
            """,
            min_count=min_count,
            max_size=max_size,
        )
        return [value for (value,) in rows]

    def quantiles(self, probabilities: Sequence[float]) -> list[float]:
        """Exact quantiles of the numbers (the smallest value with that share at or below).

        Returns [] when there are none. Counting equal values first lets DuckDB spill to disk.
        """
        rows = self.query(
            """
            , counted AS (SELECT value, count(*) AS n FROM training GROUP BY value),
            ranked AS (SELECT value, sum(n) OVER (ORDER BY value) AS upto FROM counted),
            wanted AS (SELECT index, greatest(1, ceil(p * (SELECT max(upto) FROM ranked))) AS rank
                       FROM (VALUES $wanted) AS wanted(index, p))
            SELECT value FROM wanted ASOF JOIN ranked ON wanted.rank <= ranked.upto ORDER BY index
            """,
            wanted=", ".join(f"({index}, {p!r})" for index, p in enumerate(probabilities)),
        )
        return [float(value) for (value,) in rows]

    def moments(self, expression: str = "value") -> tuple[float, float]:
        """Mean and standard deviation of a SQL expression over the numbers; (0, 0) of none."""
        [(mean, deviation)] = self.query(
            """
            SELECT avg(x), stddev_pop(x)
            FROM (SELECT $x AS x FROM (SELECT value::DOUBLE AS value FROM training))
            """,
            x=expression,
        )
        return float(mean or 0.0), float(deviation or 0.0)


def _pieces(separator: str) -> str:
    return sql.fill(
        """list_filter(
            list_transform(string_split(value, $separator), lambda piece: trim(piece, $stripped)),
            lambda piece: piece <> '')""",
        separator=sql.text(separator),
        stripped=sql.text(STRIPPED),
    )
