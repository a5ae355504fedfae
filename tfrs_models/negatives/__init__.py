"""Sources of negatives, one file each.

A source is a module with `class Options(Section)` and `sampler(options, popularity) -> Sampler`;
see `tfrs_models.negatives._sampler`.
"""
