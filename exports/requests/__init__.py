"""A whole request in one graph: candidates, exclusions, filters, ranking and diversity."""
