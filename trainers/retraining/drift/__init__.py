"""Drift between windows of data and skew between training and serving, measured and judged."""
