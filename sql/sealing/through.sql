-- The first local day or month of which nothing is sealed. Filled in by assets/sealing.py.
create or replace macro sealed.$table_through() as date '$through' -- noqa: PRS
