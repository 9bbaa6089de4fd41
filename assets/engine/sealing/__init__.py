"""Days that can hardly change as immutable Parquet files: made, verified, mended, made again."""
