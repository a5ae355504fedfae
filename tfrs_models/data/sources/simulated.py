"""A simulated shop, made on the spot from the seed; see docs/simulator.md."""

from tfrs_models.data.simulation.options import Options

__all__ = ["Options"]
