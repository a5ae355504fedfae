"""A model that goes on learning where a published one stopped."""
