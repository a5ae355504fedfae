"""A prepared dataset opens, or says what is wrong and how to mend it."""

import json

import numpy as np
import pytest

from configs.errors import ArtifactError
from tfrs_models.data.load import load_dataset


@pytest.fixture
def folder(prepare_lines, log):
    return prepare_lines(log).folder


def test_columns_are_memory_mapped(folder):
    assert isinstance(load_dataset(folder).events.user, np.memmap)


def test_no_dataset_is_told_apart_from_a_damaged_one(tmp_path):
    with pytest.raises(ArtifactError, match=r"is no prepared dataset.*`tfrs data prepare`"):
        load_dataset(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_a_damaged_manifest_is_refused(folder, content):
    (folder / "manifest.json").write_text(content)
    with pytest.raises(ArtifactError, match=r"manifest\.json is damaged.*prepare the data again"):
        load_dataset(folder)


def test_another_format_is_refused(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))
    with pytest.raises(ArtifactError, match="has format 99, this version reads format 1"):
        load_dataset(folder)


@pytest.mark.parametrize("name", ["events.parquet", "users.parquet", "vocabularies/item_id.txt"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match=f"has no `{name}`"):
        load_dataset(folder)


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00"])
def test_a_damaged_column_is_named(folder, content):
    (folder / "columns" / "item.npy").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"item\.npy cannot be read"):
        load_dataset(folder)


def test_pickled_objects_are_refused(folder):
    np.save(folder / "columns" / "item.npy", np.array([{}] * 50), allow_pickle=True)
    with pytest.raises(ArtifactError, match=r"item\.npy cannot be read"):
        load_dataset(folder)


def test_a_column_of_another_type_is_refused(folder):
    np.save(folder / "columns" / "item.npy", np.zeros(50, np.int64))
    with pytest.raises(ArtifactError, match=r"`item` of .* is int64, expected int32"):
        load_dataset(folder)


def test_a_short_column_is_refused(folder):
    np.save(folder / "columns" / "item.npy", np.zeros(49, np.int32))
    with pytest.raises(ArtifactError, match=r"promises 50 events.*'item': 49"):
        load_dataset(folder)


def test_offsets_that_do_not_fit_are_refused(folder):
    np.save(folder / "columns" / "offsets.npy", np.zeros(3, np.int64))
    with pytest.raises(ArtifactError, match="do not fit 7 users"):
        load_dataset(folder)
