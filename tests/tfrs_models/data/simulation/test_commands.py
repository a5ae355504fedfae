from pathlib import Path

import pytest
from click.testing import CliRunner

from configs.errors import ConfigError
from tfrs_models.data.simulation.commands import simulate

SMALL = [
    *("--set", "data.simulated.users=50"),
    *("--set", "data.simulated.items=40"),
    *("--set", "data.simulated.days=2"),
]


def test_it_writes_the_world_of_a_preset(tmp_path: Path) -> None:
    result = CliRunner().invoke(simulate, [str(tmp_path), *SMALL], catch_exceptions=False)
    assert result.exit_code == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["events.parquet", "items.parquet", "users.parquet"]


def test_it_writes_the_truth_on_request(tmp_path: Path) -> None:
    CliRunner().invoke(simulate, [str(tmp_path), "--truth", *SMALL], catch_exceptions=False)
    assert (tmp_path / "truth.parquet").exists()
    assert (tmp_path / "user_vectors.npy").exists()


def test_a_config_of_another_source_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "files.yaml"
    path.write_text("data: {source: files, files: {events: events.csv}}")
    arguments = [str(tmp_path), "--config", str(path)]
    with pytest.raises(ConfigError, match=r"`data.source` must be `simulated`"):
        CliRunner().invoke(simulate, arguments, catch_exceptions=False)
