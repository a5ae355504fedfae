"""The ledger of retraining: which data came, which runs there were, and what each has learned."""
