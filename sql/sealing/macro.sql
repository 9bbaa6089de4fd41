-- All sealed rows of one table. Filled in by assets/sealed_tables.py: a definition cannot take a bound list of files.
create or replace macro sealed.$table() as table -- noqa: PRS
    from read_parquet([$paths], hive_partitioning = false)
    union all by name
    from sealed.lost_$table
