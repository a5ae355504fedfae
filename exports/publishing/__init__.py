"""How bundles are published: numbered versions, a ledger, and pointers that move at once."""
