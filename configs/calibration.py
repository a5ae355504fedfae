"""How a ranker's logits become probabilities."""

from configs.plugins import PluginSection


class CalibrationConfig(PluginSection):
    """The calibration of a ranker, fitted on examples that it was not trained on."""

    kind = "calibration"

    type: str = "platt"
    """Name of the calibration: a module of `tfrs_models.calibration`, or a dotted name."""
