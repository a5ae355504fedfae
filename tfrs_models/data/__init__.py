"""From raw tables to a prepared dataset."""
