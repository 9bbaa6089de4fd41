"""Reference files become versions of their rows."""
