"""Products of the deep part's inputs, one file each.

An interaction is a module with `class Options(Section)` and `interaction(options, width, seed)`,
which gives a layer from the inputs float32 [B, width] and the embeddings of the features that are
ids float32 [B, F, D] to float32 [B, W].
"""
