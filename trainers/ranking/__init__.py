"""Trains the ranking stage on what the retrieval stage of each time returned."""
