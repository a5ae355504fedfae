"""What a ranking task learns from its labels, one file each.

An objective is a module with `class Options(Section)`, `RANGE` (the least and the largest label),
`ORDERS` (whether a larger output ranks a candidate higher, so that the model may start at the
retrieved order), `scaling(labels, weights)`, `output(logits, scaling)` and `loss(options, pairs)`;
see `tfrs_models.objectives._pairs`.
"""
