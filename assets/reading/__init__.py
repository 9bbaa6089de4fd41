"""A staged file becomes rows: one reading layer for events, payments and reference data.

Belongs here: telling rows and columns apart, and what is wrong with their form. Does not: the rules for a field's value
(`sql/ingest/macros.sql`), duplicates, and writing to the warehouse (`ingestion`, `reference_files`).
"""
