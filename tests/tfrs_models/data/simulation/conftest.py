"""One default world and its log, shared by the statistical tests."""

import pytest

from tfrs_models.data.simulation.log import Log, concatenate
from tfrs_models.data.simulation.options import Options
from tfrs_models.data.simulation.stream import stream
from tfrs_models.data.simulation.world import World, build_world


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(Options(), seed=42)


@pytest.fixture(scope="session")
def log(world: World) -> Log:
    return concatenate(list(stream(world)))
