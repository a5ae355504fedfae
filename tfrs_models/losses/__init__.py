"""Retrieval losses, one file each."""
