"""Kill `tfrs train` wherever it stands; what it learns stays the same."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.training import assert_same_numbers, checkpoint, stored, tiny_config, write_config

from trainers.folders import DONE

MOMENTS = ("prepare", "retrieval", "window", "ranking", "export")
STAGES = ("prepare", "retrieval", "ranking", "export")


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
        "window": "runs/*/ranking/windows/0/latest/checkpoint",
        "ranking": "runs/*/ranking/select/latest/checkpoint",
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
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def finish(config: Path, artifacts: Path) -> Path:
    """Run to the end: the run's folder."""
    process = start(config, artifacts)
    with process:
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors.decode()[-2000:]
    (folder,) = (artifacts / "runs").iterdir()
    return folder


def learned(folder: Path) -> dict[str, NDArray[Any]]:
    """Every number that a run has learned: weights, slots, exported models and index."""
    parts = {
        f"{stage}/{kind}": checkpoint(folder / stage / kind)
        for stage in ("retrieval", "ranking/windows/0", "ranking/select", "ranking/model")
        for kind in ("best", "latest")
    }
    for model in ("embed_query", "embed_candidate", "rank"):
        parts[model] = stored(str(folder / "bundle/models" / model / "variables/variables"))
    found = {f"{part}/{name}": value for part, p in parts.items() for name, value in p.items()}
    return found | {"index": np.load(folder / "bundle/index/exact/embeddings.npy")}


@pytest.mark.slow
def test_a_training_killed_at_every_stage_learns_what_an_undisturbed_one_learns(tmp_path):
    loop = {"training": {"epochs": 3}}
    config = write_config(tiny_config(retrieval=loop), tmp_path / "config.yaml")
    undisturbed = threading.Thread(target=finish, args=(config, tmp_path / "undisturbed"))
    undisturbed.start()
    random = np.random.default_rng(20)
    killed = [
        kill_at(config, tmp_path / "killed", moment, random.uniform(0, 0.3)) for moment in MOMENTS
    ]
    folder = finish(config, tmp_path / "killed")
    undisturbed.join()
    (whole,) = (tmp_path / "undisturbed/runs").iterdir()
    assert sum(killed) >= 4  # one may have ended in time
    assert len(learned(folder)) > 50
    assert_same_numbers(learned(folder), learned(whole))
    assert all((folder / stage / DONE).exists() for stage in STAGES)
    assert not list(folder.glob(".unfinished-*"))
