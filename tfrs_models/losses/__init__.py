"""Retrieval losses, one file each.

A loss is a module with `class Options(Section)` and `loss(options, scores) -> scalar`, where
`scores` is a `Scores` of `tfrs_models.losses._scores`.
"""
