"""Features that a server logged against those that training computes for the same requests."""
