-- One row: the newest file number, 0 when there is none.
select coalesce(max(file_id), 0) as file_id
from ops.delivered_files
