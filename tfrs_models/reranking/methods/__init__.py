"""Methods of re-ranking, one file each.

A method is a module with `class Options(Section)`, `needs(options) -> Needs`, which names the data
that it reads, and `rerank(options, candidates, k) -> order`: int64 [M], distinct indices into the
candidates, M <= N. The first k are the list; the others follow so that a later step may choose from
them. What is left out cannot come back. Equal candidates keep their order, and the same candidates
always give the same order. A method sees only what `tfrs_models.reranking.chain.Chain` let through:
at least one candidate, finite scores that fall, and k >= 1.
"""
