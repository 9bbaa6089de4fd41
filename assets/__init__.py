"""What exists: the assets, and the plain Python below them."""
