"""TensorFlow Datasets: the MovieLens family (`movielens/100k`, `1m`, `20m`, `25m`, `latest-small`).

Without network: put the archive of GroupLens, such as `ml-100k.zip`, into
`<data_dir>/downloads/manual/` and set `download: true`; the archive is found there, checked and
prepared. A `data_dir` that another machine prepared works as it is.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from configs.errors import DataError
from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.data import layouts, sql
from tfrs_models.data.tables import RawTables

if TYPE_CHECKING:
    import duckdb

BATCH_ROWS = 1 << 16
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


class Options(Section):
    """One dataset of TensorFlow Datasets. Items get `title`, `year`, `genres` (joined by `|`)."""

    name: Annotated[str, Field(pattern=r"^movielens/[a-z0-9-]+$")] = "movielens/100k"
    """`movielens/` and a version; `-ratings` and `-movies` are added."""
    split: str = "train"
    """Split of the dataset; MovieLens has `train` alone, with all its rows."""
    data_dir: str | None = None
    """Folder of the prepared datasets; `~/tensorflow_datasets` when missing."""
    download: bool = False
    """Prepare the dataset in `data_dir` if it is not there: from an archive in
    `downloads/manual/`, else from the network."""


def content_hash(options: Options, seed: int) -> str:
    """Version and content fingerprints of the two prepared datasets."""
    builders = _builders(options)
    return json.dumps([[b.info.full_name, _checksum(b)] for b in builders])


def _checksum(builder: Any) -> list[tuple[str, int, tuple[int, ...]]]:
    splits = builder.info.splits.items()
    return [(name, split.num_bytes, tuple(split.shard_lengths)) for name, split in splits]


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
        DataError: a dataset is unknown, or not prepared and not to be had.
    """
    version = options.name.removesuffix("-ratings").removesuffix("-movies")
    return _builder(f"{version}-ratings", options), _builder(f"{version}-movies", options)


def _builder(name: str, options: Options) -> Any:
    tf.io.gfile  # noqa: B018 - TensorFlow must be loaded on the Keras that TFRS needs
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=options.data_dir, try_gcs=False)
    except ValueError as error:
        raise DataError(
            f"`data.tfds.name`: {options.name!r} is not in TensorFlow Datasets: {error}"
        ) from error
    if not builder.is_prepared():
        _prepare(builder, options)
    if options.split not in builder.info.splits:
        raise DataError(
            f"`data.tfds.split`: {name} has no split `{options.split}`, it has "
            f"{', '.join(builder.info.splits)}"
        )
    return builder


def _prepare(builder: Any, options: Options) -> None:
    folder = Path(builder.data_dir)
    way_out = (
        f"Put the archive of GroupLens (`ml-{options.name.split('/')[1]}.zip`) into "
        f"{_data_dir(builder) / 'downloads' / 'manual'} and set `data.tfds.download: true`, or set "
        "`data.tfds.data_dir` to a folder that holds the prepared dataset."
    )
    if not options.download:
        raise DataError(f"{builder.info.full_name} is not prepared in {folder}. {way_out}")
    try:
        builder.download_and_prepare()
    except Exception as error:  # the downloader raises a dozen unrelated types
        raise DataError(
            f"{builder.info.full_name} could not be prepared in {folder}: {error}. {way_out}"
        ) from error


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
