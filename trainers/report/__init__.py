"""The report of a run: one HTML file with tables and pictures that needs nothing else."""
