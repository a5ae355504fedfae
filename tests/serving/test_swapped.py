import shutil
from pathlib import Path

import pytest
from support.bundles import Run

from configs.errors import ArtifactError
from exports.manifest import read_manifest, write_manifest
from exports.publishing.store import publish
from exports.verification.recordings import FILE, read_recordings
from serving.request import Request
from serving.swapped import swapped


def changed(bundle: Path, folder: Path, file: str, content: str) -> Path:
    """A copy of a bundle with another content of a file."""
    shutil.copytree(bundle, folder)
    (folder / file).write_text(content)
    write_manifest(read_manifest(folder), folder)
    return folder


def test_a_recommender_follows_the_stable_version(run: Run, tmp_path: Path) -> None:
    base = tmp_path / "base"
    publish(run.bundle, base)
    swap = swapped(base, "tiny", threads=1)
    with swap.current() as (old, _):
        expected = old.recommend(Request(user_id="u1", k=3))
        publish(changed(run.bundle, tmp_path / "next", "metrics.json", "{}"), base)
        assert swap.poll() == (2, 2, None)
        assert old.recommend(Request(user_id="u1", k=3)) == expected
    with swap.current() as (new, version):
        assert new is not old
        assert version == 2
        assert new.recommend(Request(user_id="u1", k=3)) == expected
    swap.close()


def test_a_bundle_that_answers_otherwise_than_recorded_is_refused(run: Run, tmp_path: Path) -> None:
    recorded = read_recordings(run.bundle)
    assert recorded is not None
    own = next(one for one in recorded.requests if one.model == "models/rank")
    wrong = own.model_copy(update={"outputs": {"score": own.outputs["score"]}})
    text = recorded.model_copy(update={"requests": (wrong,)}).model_dump_json()
    base = tmp_path / "base"
    publish(run.bundle, base)
    swap = swapped(base, "tiny", threads=1)
    publish(changed(run.bundle, tmp_path / "next", FILE, text), base)
    version, stable, fault = swap.poll()
    assert (version, stable) == (1, 2)
    assert fault is not None
    assert "models/rank" in fault
    swap.close()


def test_without_a_stable_version_nothing_is_served(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="has no stable version"):
        swapped(tmp_path, "tiny")
