"""Optimizers that touch only the embedding rows that a step has seen."""
