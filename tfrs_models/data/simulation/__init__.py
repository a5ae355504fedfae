"""A shop with known truth: users, items, sessions, impressions, clicks and purchases by a seed."""
