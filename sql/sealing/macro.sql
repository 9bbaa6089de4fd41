-- All sealed rows of one table. Filled in by assets/sealing.py: a list of files cannot be a bound value of a definition.
create or replace macro sealed.$table() as table -- noqa: PRS
    from read_parquet([$paths])
