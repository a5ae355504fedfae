"""Walk-forward over history: what each policy of retraining would have given."""
