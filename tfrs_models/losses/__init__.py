"""Retrieval losses, one file each.

A loss is a module with `class Options(Section)` and two functions:

- `negatives(options, counts) -> Sampler`: which items a batch is scored against. `counts` int64 [V]
  holds the positive training events of each known item row; rows 0 and 1 are no items.
- `loss(options, positive_logits, negative_logits, weight) -> scalar`: see `_softmax.softmax_loss`.
"""
