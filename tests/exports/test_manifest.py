import json
import os
import shutil
from pathlib import Path

import pytest
from support.bundles import Run

from configs.errors import ArtifactError
from exports.manifest import Manifest, read_manifest, verify


@pytest.fixture
def bundle(run: Run, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run.bundle, tmp_path / "bundle"))


def change(bundle: Path, **values: object) -> None:
    path = bundle / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_sound_bundle_passes(bundle: Path) -> None:
    assert isinstance(verify(bundle), Manifest)


def test_every_file_but_the_manifest_has_a_hash(bundle: Path) -> None:
    files = {p.relative_to(bundle).as_posix() for p in bundle.rglob("*") if p.is_file()}
    assert read_manifest(bundle).files.keys() == files - {"manifest.json"}


@pytest.mark.parametrize("name", sorted(["items.parquet", "index/exact/embeddings.npy"]))
def test_a_flipped_bit_is_found(bundle: Path, name: str) -> None:
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(content)
    with pytest.raises(ArtifactError, match=f"`{name}` of the bundle .* hash of its manifest"):
        verify(bundle)


def test_a_truncated_file_is_found(bundle: Path) -> None:
    path = bundle / "models" / "rank" / "saved_model.pb"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArtifactError, match=r"`models/rank/saved_model\.pb`"):
        verify(bundle)


def test_a_missing_file_is_found(bundle: Path) -> None:
    (bundle / "config.yaml").unlink()
    with pytest.raises(ArtifactError, match=r"`config\.yaml` .* is missing"):
        verify(bundle)


def test_an_extra_file_is_found(bundle: Path) -> None:
    (bundle / "index" / "scann" / "scann_docids.pkl").write_bytes(b"")
    with pytest.raises(ArtifactError, match=r"scann_docids\.pkl` .* is not in its manifest"):
        verify(bundle)


def test_a_link_is_refused(bundle: Path) -> None:
    (bundle / "metrics.json").rename(bundle.parent / "elsewhere.json")
    (bundle / "metrics.json").symlink_to(bundle.parent / "elsewhere.json")
    with pytest.raises(ArtifactError, match=r"`metrics\.json` .* is a link"):
        verify(bundle)


def test_a_named_pipe_is_refused(bundle: Path) -> None:
    os.mkfifo(bundle / "pipe")
    with pytest.raises(ArtifactError, match=r"`pipe` .* is no regular file"):
        verify(bundle)


def test_another_format_is_refused(bundle: Path) -> None:
    change(bundle, format=2)
    with pytest.raises(ArtifactError, match=r"`format` of .* is 2, this program reads 1"):
        verify(bundle)


def test_an_unknown_key_is_refused(bundle: Path) -> None:
    change(bundle, surprise=1)
    with pytest.raises(ArtifactError, match="is damaged"):
        verify(bundle)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 1}'])
def test_a_damaged_manifest_is_refused(bundle: Path, text: str) -> None:
    (bundle / "manifest.json").write_text(text)
    with pytest.raises(ArtifactError, match=r"manifest\.json is damaged"):
        verify(bundle)


def test_a_folder_without_manifest_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="is no bundle"):
        verify(tmp_path)


@pytest.mark.parametrize("name", ["../x", "/x", "models/../../x", "./config.yaml"])
def test_a_path_outside_is_refused(bundle: Path, name: str) -> None:
    entry = {"sha256": "0" * 64, "bytes": 0}
    change(
        bundle, files=json.loads((bundle / "manifest.json").read_text())["files"] | {name: entry}
    )
    with pytest.raises(ArtifactError, match=f"`{name}` of the bundle .* lies outside of it"):
        verify(bundle)
