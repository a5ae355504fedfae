"""A tiny shop's log, cut by days."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from support.training import WORLD, tiny_config

from configs.run import RunConfig
from tfrs_models.data.simulation.files import write_world
from tfrs_models.data.simulation.options import Options
from tfrs_models.data.simulation.world import build_world


def write_log(folder: Path, **world: Any) -> Path:
    """Events, items and users as Parquet: thirty days, if `world` does not say otherwise."""
    write_world(build_world(Options.model_validate({**WORLD, **world}), 42), folder)
    return folder


def first_days(log: Path, days: int, folder: Path) -> Path:
    """A file of the events before a day."""
    events = pq.read_table(log / "events.parquet")
    time = events["timestamp"]
    end = pc.add(pc.min(time), pa.scalar(days * 86_400_000_000, pa.duration("us")))
    target = folder / f"{days}.parquet"
    pq.write_table(events.filter(pc.less(time, end)), target)
    return target


def shop_config(log: Path, events: Path) -> RunConfig:
    """The tiny run, on files."""
    files = {name: str(log / f"{name}.parquet") for name in ("items", "users")}
    return tiny_config(
        data={
            "source": "files",
            "files": files | {"events": str(events)},
            "split": {
                "type": "global_temporal",
                "options": {"test_days": 3, "validation_days": 3},
            },
        },
        retrieval={"training": {"epochs": 2}},
        ranking={"windows": 1},
        evaluation={"baselines": ["most_popular"]},
    )
