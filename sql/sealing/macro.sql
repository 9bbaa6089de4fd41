-- All sealed rows of one table. Filled in by assets/sealing.py: a definition cannot take a bound list of files.
create or replace macro sealed.$table() as table -- noqa: PRS
    from read_parquet(
        -- the folder is looked up once: for 4,000 files, once for each takes 0.7 s of every query
        list_transform([$names], lambda name: sealed.path(name)), hive_partitioning = false
    )
