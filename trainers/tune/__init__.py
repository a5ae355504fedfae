"""`tfrs tune`: a search for better settings of the retrieval stage."""
