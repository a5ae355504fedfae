"""How a bundle answers."""
