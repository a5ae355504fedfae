"""TensorFlow Datasets: the MovieLens family (`movielens/100k`, `1m`, `20m`, `25m`, `latest-small`).

Without network: put the archive of GroupLens, such as `ml-100k.zip`, into
`<data_dir>/downloads/manual/` and set `download: true`; the archive is found there, checked and
prepared. A `data_dir` that another machine prepared works as it is.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator

from configs import faults
from configs.errors import DataError
from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.data import layouts, sql
from tfrs_models.data.tables import RawTables

if TYPE_CHECKING:
    import duckdb

BATCH_ROWS = 1 << 16
DATASETS = tuple(f"movielens/{size}" for size in ("100k", "1m", "20m", "25m", "latest-small"))
PUBLISHER = "https://files.grouplens.org/datasets/movielens"
RATING_COLUMNS = {
    "user_id": "user_id",
    "movie_id": "item_id",
    "user_rating": "value",
    "timestamp": "timestamp",
}
USER_COLUMNS = {
    "user_gender": "gender",
    "user_occupation_text": "occupation",
    "user_zip_code": "zip_code",
    "bucketized_user_age": "age",
    "raw_user_age": "age",
}
"""A later feature replaces an earlier one of the same name: the exact age where there is one."""


def _known(name: str) -> str:
    """The dataset without the name of one of its tables."""
    dataset = name.removesuffix("-ratings").removesuffix("-movies")
    if dataset not in DATASETS:
        advice = faults.advice(dataset, DATASETS)
        raise ValueError(f"there is no such dataset; received {name!r}. {advice}")
    return dataset


class Options(Section):
    """One dataset of TensorFlow Datasets. Items get `title`, `year`, `genres` (joined by `|`)."""

    name: Annotated[str, AfterValidator(_known)] = "movielens/100k"
    """`movielens/` and `100k`, `1m`, `20m`, `25m` or `latest-small`; both its tables are read."""
    split: str = "train"
    """Split of the dataset; MovieLens has `train` alone, with all its rows."""
    data_dir: str | None = None
    """Folder of the prepared datasets; `~/tensorflow_datasets` when missing."""
    download: bool = False
    """Prepare the dataset in `data_dir` if it is not there: from an archive in
    `downloads/manual/`, else from the network."""


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the warnings of TensorFlow Datasets about its own deprecated names."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


@_quiet()
def content_hash(options: Options, seed: int) -> str:
    """Version and content fingerprints of the two prepared datasets."""
    builders = _builders(options)
    return json.dumps([[b.info.full_name, _checksum(b)] for b in builders])


def _checksum(builder: Any) -> list[tuple[str, int, tuple[int, ...]]]:
    splits = builder.info.splits.items()
    return [(name, split.num_bytes, tuple(split.shard_lengths)) for name, split in splits]


@_quiet()
def read(
    options: Options, connection: "duckdb.DuckDBPyConnection", folder: Path, seed: int
) -> RawTables:
    """Write ratings and movies to Parquet in `folder` and create views on them."""
    ratings, movies = _builders(options)
    features = {**RATING_COLUMNS, **USER_COLUMNS}
    names = {feature: own for feature, own in features.items() if feature in ratings.info.features}
    users = tuple(dict.fromkeys(o for f, o in names.items() if f in USER_COLUMNS))
    _write(_rating_batches(ratings, options.split, names), folder / "ratings.parquet")
    _write(_movie_batches(movies, options.split), folder / "movies.parquet")
    _view(connection, "tfds_ratings", folder / "ratings.parquet", ratings.info.full_name)
    _view(connection, "tfds_movies", folder / "movies.parquet", movies.info.full_name)
    return RawTables("tfds_ratings", items="tfds_movies", timestamp_format="s", user_columns=users)


def _builders(options: Options) -> tuple[Any, Any]:
    """Builders of the ratings and of the movies, both prepared.

    Raises:
        DataError: a dataset is not prepared and not to be had, or has no such split.
    """
    return _builder(f"{options.name}-ratings", options), _builder(f"{options.name}-movies", options)


def _builder(name: str, options: Options) -> Any:
    tf.io.gfile  # noqa: B018 - TensorFlow must be loaded on the Keras that TFRS needs
    import tensorflow_datasets as tfds

    builder = tfds.builder(name, data_dir=options.data_dir, try_gcs=False)
    if not builder.is_prepared():
        _prepare(builder, options)
    if options.split not in builder.info.splits:
        raise DataError(
            f"`data.tfds.split`: {name} has no split `{options.split}`. Choose one of "
            f"{', '.join(builder.info.splits)}."
        )
    return builder


def _prepare(builder: Any, options: Options) -> None:
    dataset = builder.info.full_name
    data_dir = _data_dir(builder)
    if not options.download:
        raise DataError(
            f"`data.tfds.data_dir`: {data_dir} does not hold the prepared dataset {dataset}. "
            f"{_way_out(data_dir, dataset, options)}"
        )
    try:
        builder.download_and_prepare()
    except Exception as error:  # the downloader raises a dozen unrelated types
        raise DataError(
            f"{dataset} could not be prepared in {data_dir}: {error}. "
            f"{_way_out(data_dir, dataset, options)}"
        ) from error


def _way_out(data_dir: Path, dataset: str, options: Options) -> str:
    archive = f"ml-{options.name.removeprefix('movielens/')}.zip"
    return (
        f"Either put {PUBLISHER}/{archive}, as it is, into {data_dir / 'downloads' / 'manual'} and "
        "set `data.tfds.download=true` (which is enough where there is a network), or set "
        f"`data.tfds.data_dir` to a folder that holds {dataset}."
    )


def _data_dir(builder: Any) -> Path:
    """`<data_dir>/<dataset>/<config>/<version>` without the last three."""
    return Path(builder.data_dir).parents[2]


def _rating_batches(builder: Any, split: str, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    import tensorflow_datasets as tfds

    decoders = tfds.decode.PartialDecoding(dict.fromkeys(names, True))
    data = builder.as_dataset(split=split, decoders=decoders, shuffle_files=False)
    for batch in tfds.as_numpy(data.batch(BATCH_ROWS)):
        columns = {own: batch[feature] for feature, own in names.items()}
        if "gender" in columns:
            columns["gender"] = ["M" if male else "F" for male in columns["gender"]]
        if "age" in columns:
            columns["age"] = columns["age"].astype("int16")
        yield columns


def _movie_batches(builder: Any, split: str) -> Iterator[dict[str, Any]]:
    import tensorflow_datasets as tfds

    genre_name = builder.info.features["movie_genres"].feature.int2str
    rows = iter(tfds.as_numpy(builder.as_dataset(split=split, shuffle_files=False)))
    while batch := list(islice(rows, BATCH_ROWS)):
        yield {
            "item_id": [row["movie_id"] for row in batch],
            "title": [row["movie_title"] for row in batch],
            "genres": [
                layouts.GENRE_SEPARATOR.join(genre_name(int(g)) for g in row["movie_genres"])
                for row in batch
            ],
        }


def _write(batches: Iterator[dict[str, Any]], path: Path) -> None:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    tables = (pa.table(_as_text(batch)) for batch in batches)
    first = next(tables)
    with ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)


def _as_text(batch: Mapping[str, Any]) -> dict[str, Any]:
    """TensorFlow's bytes are UTF-8 text."""
    return {
        name: [v.decode() for v in values] if isinstance(values[0], bytes) else values
        for name, values in batch.items()
    }


def _view(connection: "duckdb.DuckDBPyConnection", name: str, path: Path, source: str) -> None:
    titles = sql.fill(
        "REPLACE ($title AS title), $year AS year",
        title=layouts.title_of("title"),
        year=layouts.year_of("title"),
    )
    sql.run(
        connection,
        """
        CREATE VIEW $name AS
        SELECT * EXCLUDE (file_row_number) $titles, $source AS source_file,
               file_row_number + 1 AS source_row
        FROM read_parquet($path, file_row_number = true)
        """,
        name=sql.name(name),
        titles=titles if name == "tfds_movies" else "",
        source=sql.text(source),
        path=sql.text(path.as_posix()),
    )
