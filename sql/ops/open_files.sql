-- One row per delivered file that is open, the newest first.
select
    file_id,
    name
from ops.open_files
order by file_id desc
