"""Calibrations of a ranker's logits, one file each.

A calibration is a module with `class Options(Section)`, `fit(options, logits, labels, weights) ->
state` and `apply(state, logits) -> probabilities`; see `tfrs_models.calibration._calibration`.
"""
