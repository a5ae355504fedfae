"""Whether a bundle can be trusted to load and to answer as it did: read first, then run apart."""
