"""The gate: what is served gives way to nothing that is worse by more than a margin."""
