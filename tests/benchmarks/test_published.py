"""The published benchmark, run as its users run it, on files of a few hundred lines."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from published import PUBLISHED, published_rows

from configs.load import load_config

SCRIPT = PUBLISHED.with_name("published.py")


def pairs(users: int, items: int) -> dict[int, list[int]]:
    """Users of two tastes, who take ten of their half of the items."""
    random = np.random.default_rng(0)
    half = items // 2
    return {
        user: (random.permutation(half)[:10] + half * (user % 2)).tolist() for user in range(users)
    }


def write_files(folder: Path) -> None:
    taken = pairs(60, 40)
    lines = {
        "train.txt": [f"{u} {' '.join(map(str, items[2:]))}" for u, items in taken.items()],
        "test.txt": [f"{u} {' '.join(map(str, items[:2]))}" for u, items in taken.items()],
        "sequence.txt": [f"{u} {item}" for u, items in taken.items() for item in items],
        "u.data": [f"{u}\t{item}\t5\t0" for u, items in taken.items() for item in items],
    }
    for name, text in lines.items():
        (folder / name).write_text("\n".join(text) + "\n", "utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("split", ["lightgcn", "sequence", "stratified"])
def test_each_split_trains_and_prints_its_row(tmp_path, split):
    write_files(tmp_path)
    smaller = ["--set", "retrieval.training.epochs=2", "--set", "retrieval.embedding_dim=16"]
    asked = ["--split", split, "--data", tmp_path, "--json", tmp_path / "out", *smaller]
    done = subprocess.run(
        [sys.executable, SCRIPT, *asked],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out").read_text("utf-8"))
    # One of the 12 to 15 items of the own taste that are not known; chance is 10 of 32.
    assert report["recall@10"] > 0.5
    assert "tfrs-two-stage" in done.stdout


@pytest.mark.parametrize("preset", sorted(p.stem for p in PUBLISHED.glob("*.yaml")))
def test_published_figures_have_a_source_and_a_preset(preset):
    config = load_config(preset)
    assert not config.ranking.enabled
    rows = published_rows(
        preset, {"ml_1m": "sequence", "ml_100k_stratified": "stratified"}.get(preset, "lightgcn")
    )
    assert all(row["source"] and len(row) >= 3 for row in rows)


def test_a_preset_of_another_split_is_refused():
    with pytest.raises(SystemExit, match="`gowalla` is for --split lightgcn, received sequence"):
        published_rows("gowalla", "sequence")


def test_a_preset_without_published_figures_has_no_rows():
    assert published_rows("demo", "lightgcn") == []
