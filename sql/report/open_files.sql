-- One row per delivered file that is open, the newest first, with how many there are, for people.
select
    name,
    reason,
    remedy,
    count(*) over () as files
from ops.open_files
order by file_id desc
limit $at_most
