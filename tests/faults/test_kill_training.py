"""Kill `tfrs train` wherever it stands; what it learns stays the same."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from support.training import tiny_config, write_config

from tfrs_models.backend import tf
from trainers.folders import DONE

MOMENTS = ("prepare", "retrieval", "ranking", "export")


def start(config: Path, artifacts: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "tfrs_models.cli", "train"]
    path = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path)
    return subprocess.Popen(
        [*command, "--config", str(config), "--artifacts", str(artifacts)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    )


def begun(artifacts: Path, moment: str) -> bool:
    """Whether the stage has begun to write."""
    patterns = {
        "prepare": "datasets/.unfinished-*/*",
        "retrieval": "runs/*/retrieval/latest/checkpoint",
        "ranking": "runs/*/ranking/latest/checkpoint",
        "export": "runs/*/.unfinished-bundle/*",
    }
    return any(artifacts.glob(patterns[moment]))


def kill_at(config: Path, artifacts: Path, moment: str, delay: float) -> bool:
    """Run until `delay` seconds after a stage has begun, then SIGKILL; False if it ended before."""
    process = start(config, artifacts)
    with process:
        try:
            while not begun(artifacts, moment) and process.poll() is None:
                time.sleep(0.001)
            time.sleep(delay)
            return process.poll() is None
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def finish(config: Path, artifacts: Path) -> Path:
    """Run to the end: the run's folder."""
    process = start(config, artifacts)
    with process:
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors.decode()[-2000:]
    (folder,) = (artifacts / "runs").iterdir()
    return folder


def learned(folder: Path) -> dict[str, bytes]:
    """Every number that a run has learned, by where it stands."""
    found = {"index": (folder / "bundle/index/exact/embeddings.npy").read_bytes()}
    checkpoints = {
        stage: tf.train.latest_checkpoint(str(folder / stage / "best"))
        for stage in ("retrieval", "ranking")
    }
    for model in ("embed_query", "embed_candidate", "rank"):
        checkpoints[model] = str(folder / "bundle/models" / model / "variables/variables")
    for place, path in checkpoints.items():
        reader = tf.train.load_checkpoint(path)
        for name, dtype in reader.get_variable_to_dtype_map().items():
            if dtype != tf.string and "save_counter" not in name:
                found[f"{place}/{name}"] = reader.get_tensor(name).tobytes()
    return found


@pytest.mark.slow
def test_a_training_killed_at_every_stage_learns_what_an_undisturbed_one_learns(tmp_path):
    config = write_config(tiny_config(), tmp_path / "config.yaml")
    undisturbed = threading.Thread(target=finish, args=(config, tmp_path / "undisturbed"))
    undisturbed.start()
    random = np.random.default_rng(20)
    killed = [
        kill_at(config, tmp_path / "killed", moment, random.uniform(0, 0.3)) for moment in MOMENTS
    ]
    folder = finish(config, tmp_path / "killed")
    undisturbed.join()
    (whole,) = (tmp_path / "undisturbed/runs").iterdir()
    expected, found = learned(whole), learned(folder)
    assert sum(killed) >= 3  # one may have ended in time
    assert len(expected) > 30
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []
    assert all((folder / stage / DONE).exists() for stage in MOMENTS)
    assert not list(folder.glob(".unfinished-*"))
