"""A staged file becomes rows: one reading layer for events, payments and reference data."""
