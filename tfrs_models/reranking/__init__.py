"""Re-ranking: from the best candidates to the list that is shown. NumPy only.

Offline evaluation and the server both read a `Catalogue`, take the candidates of one request from
it, and give them to a `Chain` of methods (`tfrs_models.reranking.methods`).
"""
