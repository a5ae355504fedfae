"""Feature types, one file each."""
