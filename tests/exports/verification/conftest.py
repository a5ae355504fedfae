import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from support.bundles import Run
from support.tampering import rewrite_manifest

from exports.loader import load_model
from exports.raw import raw_columns
from exports.verification.recorder import record_requests

QUERIES = {
    "user_id": np.array(["u1", "u2", "stranger"], object),
    "age": np.array([21, np.nan, 22], np.float32),
    "history": np.array([["i1", "i2"], ["i3", ""], ["none", ""]], object),
}


@pytest.fixture(scope="session")
def recorded(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle with recorded requests of three users and eight items."""
    bundle = Path(shutil.copytree(run.bundle, tmp_path_factory.mktemp("recorded") / "bundle"))
    rank = load_model(bundle / "models" / "rank")
    items = raw_columns(pq.read_table(bundle / "items.parquet"), rank.inputs)
    rank.close()
    record_requests(bundle, QUERIES, items)
    rewrite_manifest(bundle)
    return bundle


@pytest.fixture
def bundle(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "bundle"))
