"""Encoders of a user's history, one file each.

An encoder is a module with `class Options(Section)` and
`encoder(options, shape, seed) -> HistoryEncoder`; see `tfrs_models.layers.history._encoder`. The
built-in ones keep the layer in a file beside: configurations are checked without TensorFlow.
"""
