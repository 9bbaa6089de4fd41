"""What the assets do, in plain Python and SQL that never know Dagster."""
