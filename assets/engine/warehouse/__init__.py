"""The warehouse file: its lock, connection, schema, SQL files and published copy."""
