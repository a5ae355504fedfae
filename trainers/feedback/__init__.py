"""`tfrs feedback`: what policies do to exposure and to people's lists when they learn from them."""
