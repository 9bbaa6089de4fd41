-- Delivered files more than one in twenty of whose rows are refused, and that nobody has acknowledged.
select
    name,
    rows_read,
    rows_rejected,
    (100 * rows_rejected) // rows_read as percent,
    remedy
from ops.open_files
where outcome = 'LOADED'
order by file_id desc
