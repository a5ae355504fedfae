import shutil
from pathlib import Path

import numpy as np
import pytest
from support.tampering import rewrite_manifest

from configs.errors import ArtifactError
from exports.verification.static import static_checks

WEIGHTS = "models/rank/variables/variables.data-00000-of-00001"


def refused(bundle: Path, reason: str) -> None:
    with pytest.raises(ArtifactError, match=reason):
        list(static_checks(bundle))


def test_a_sound_bundle_names_all_it_checked(bundle: Path) -> None:
    names = [check.name for check in static_checks(bundle)]
    models = ["models/embed_candidate", "models/embed_query", "models/rank", "."]
    assert names == ["hashes", "kinds of files", "arrays", *(f"model {name}" for name in models)]


def test_a_flipped_bit_is_refused(bundle: Path) -> None:
    content = bytearray((bundle / WEIGHTS).read_bytes())
    content[100] ^= 1
    (bundle / WEIGHTS).write_bytes(content)
    refused(bundle, f"`{WEIGHTS}` .* does not have the hash of its manifest")


def test_an_added_file_is_refused(bundle: Path) -> None:
    (bundle / "models" / "added.txt").touch()
    refused(bundle, r"`models/added\.txt` .* is not in its manifest")


def test_a_removed_file_is_refused(bundle: Path) -> None:
    (bundle / WEIGHTS).unlink()
    refused(bundle, f"`{WEIGHTS}` .* is missing")


def test_a_renamed_file_is_refused(bundle: Path) -> None:
    (bundle / "config.yaml").rename(bundle / "config.yml")
    refused(bundle, r"`config\.yaml` .* is missing")


def test_a_link_is_refused_even_if_the_content_is_right(bundle: Path) -> None:
    (bundle / "config.yaml").rename(bundle.parent / "config.yaml")
    (bundle / "config.yaml").symlink_to(bundle.parent / "config.yaml")
    refused(bundle, r"`config\.yaml` .* is a link")


def test_a_model_that_was_taken_out_is_missed(bundle: Path) -> None:
    shutil.rmtree(bundle / "models" / "embed_query")
    rewrite_manifest(bundle)
    refused(bundle, r"`models/embed_query/saved_model\.pb` .* must be there")


def test_a_pickle_is_refused_though_the_manifest_names_it(bundle: Path) -> None:
    (bundle / "index" / "scann" / "scann_docids.pkl").touch()
    rewrite_manifest(bundle)
    refused(bundle, "may be no Keras file, pickle")


def test_an_array_of_objects_is_refused_though_the_manifest_names_it(bundle: Path) -> None:
    np.save(bundle / "index" / "exact" / "embeddings.npy", np.array([{}]), allow_pickle=True)
    rewrite_manifest(bundle)
    refused(bundle, r"`index/exact/embeddings\.npy` .* no Python objects")
