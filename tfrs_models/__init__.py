"""What is learned: data, features, layers, losses, models, metrics, evaluation, re-ranking."""
