-- First local date of which nothing is sealed. Filled in by assets/sealing.py.
create or replace macro sealed.through() as date '$through' -- noqa: PRS
