"""Full-catalogue evaluation against baselines."""
