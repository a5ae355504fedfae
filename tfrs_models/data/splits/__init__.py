"""Splits into train, validation and test, one file each."""
