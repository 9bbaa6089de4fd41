"""What exists: the assets, as Dagster shows them, and the engine below them."""
