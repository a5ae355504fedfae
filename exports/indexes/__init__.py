"""Indexes of candidate embeddings, one file each."""
