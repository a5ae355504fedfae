"""Simple recommenders that every model must beat, one file each."""
