-- One row: how many blocks of the file are in use, and how many are free.
select
    used_blocks,
    free_blocks
from pragma_database_size()
where database_name = current_database()
