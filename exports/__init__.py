"""How a trained model is packed."""
