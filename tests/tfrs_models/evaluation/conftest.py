from pathlib import Path

import pytest
from support.tastes import tastes

from tfrs_models.data.dataset import PreparedDataset


@pytest.fixture
def dataset(tmp_path: Path) -> PreparedDataset:
    return tastes(tmp_path / "dataset")
