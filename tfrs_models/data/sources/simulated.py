"""A simulated shop, made on the spot from the seed; see docs/simulator.md.

The truth behind a run is not part of its data: `write_truth` of the same options and seed tells it.
"""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tfrs_models.data.simulation.options import Options
from tfrs_models.data.tables import RawTables

if TYPE_CHECKING:
    import duckdb

__all__ = ["Options", "content_hash", "read"]

_WORLD_VERSION = 1
"""Raised with every change of the simulation that changes what a seed gives."""


def read(
    options: Options, connection: "duckdb.DuckDBPyConnection", folder: Path, seed: int
) -> RawTables:
    """Simulate the shop into `folder` and show its files to DuckDB as views.

    Args:
        options: the world.
        connection: gets the views `events`, `items` and `users`.
        folder: gets a folder `simulated` with the Parquet files.
        seed: the world's seed.

    Returns:
        The three relations.
    """
    from tfrs_models.data.simulation.files import write_world
    from tfrs_models.data.simulation.world import build_world

    target = folder / "simulated"
    write_world(build_world(options, seed), target)
    for name in ("events", "items", "users"):
        connection.read_parquet(str(target / f"{name}.parquet")).create_view(f"simulated_{name}")
    return RawTables(events="simulated_events", items="simulated_items", users="simulated_users")


def content_hash(options: Options, seed: int) -> str:
    """Identity of the world: the version of the simulation, numpy's, the options and the seed."""
    text = f"{_WORLD_VERSION}/{version('numpy')}/{seed}/{options.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()
