"""Re-ranking with NumPy."""
