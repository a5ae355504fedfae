"""MovieLens through TensorFlow Datasets, prepared by its own builder from a local archive."""

import pytest
from pydantic import ValidationError

from configs.data import DataConfig
from configs.errors import DataError
from tfrs_models.data.prepare import prepare
from tfrs_models.data.sources import tfds

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dataset(movielens, tmp_path_factory):
    raw = {"source": "tfds", "tfds": {"data_dir": str(movielens), "download": True}}
    config = DataConfig.model_validate(raw | {"events": {"deduplicate": "none"}})
    return prepare(config, 0, tmp_path_factory.mktemp("datasets"))


def read(dataset, name):
    import pyarrow.parquet as pq

    return pq.read_table(dataset.folder / f"{name}.parquet").to_pylist()


def test_ratings_become_events(dataset):
    # 12 ratings, two for each of six pairs of a user and an item.
    assert len(dataset.events) == 12
    assert sorted(dataset.events.value.tolist()) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 5]
    assert dataset.events.time.min() == 881250949_000000


def test_movies_have_title_year_and_genres(dataset):
    found = {row.pop("item_id"): row for row in read(dataset, "items")}
    assert found == {
        "1": {"title": "Toy Story", "year": 1995, "genres": "Animation|Children"},
        "2": {"title": "Nameless", "year": None, "genres": None},
        "3": {"title": "Heat", "year": 1995, "genres": "Action|Thriller"},
    }


def test_users_come_from_the_ratings(dataset):
    found = {row.pop("user_id"): row for row in read(dataset, "users")}
    assert found["1"] == {"age": 24, "gender": "M", "occupation": "technician", "zip_code": "01234"}


def test_a_dataset_that_is_not_prepared_tells_both_ways_out(tmp_path):
    options = tfds.Options(data_dir=str(tmp_path))
    parts = r"data_dir`.*does not hold.*ml-100k\.zip.*manual.*download=true.*data_dir"
    with pytest.raises(DataError, match=parts) as error:
        tfds.content_hash(options, 0)
    assert str(tmp_path / "downloads" / "manual") in str(error.value)


def test_a_wrong_archive_is_refused(tmp_path):
    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    (manual / "ml-100k.zip").write_bytes(b"PK not this one")
    options = tfds.Options(data_dir=str(tmp_path), download=True)
    with pytest.raises(DataError, match=r"could not be prepared.*checksum"):
        tfds.content_hash(options, 0)


@pytest.mark.parametrize("name", ["movielens/7k", "mnist"])
def test_an_unknown_name_lists_the_known_ones(name):
    with pytest.raises(ValidationError, match=rf"received '{name}'.*movielens/100k, movielens/1m"):
        tfds.Options(name=name)


@pytest.mark.parametrize("table", ["ratings", "movies"])
def test_the_name_of_a_table_means_its_dataset(table):
    assert tfds.Options(name=f"movielens/1m-{table}") == tfds.Options(name="movielens/1m")


def test_the_known_names_are_those_of_tensorflow_datasets(movielens):
    from tensorflow_datasets import builder_cls

    tables = builder_cls("movielens").builder_configs
    assert set(tables) == {
        f"{name.removeprefix('movielens/')}-{table}"
        for name in tfds.DATASETS
        for table in ("ratings", "movies")
    }


def test_an_unknown_split_lists_the_known_ones(movielens, dataset):
    options = tfds.Options(data_dir=str(movielens), split="test")
    with pytest.raises(DataError, match=r"has no split `test`\. Choose one of train"):
        tfds.content_hash(options, 0)
