"""The report page: one file with all that people look at every day, made from the published copy."""
