-- Delivered files that were refused whole, lie there as they were refused, and that nobody has acknowledged.
select
    name,
    reason,
    recorded_at,
    remedy
from ops.open_files
where outcome = 'QUARANTINED'
order by file_id desc
