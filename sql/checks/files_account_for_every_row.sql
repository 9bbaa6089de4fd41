-- Files whose rows are not all loaded, duplicate or rejected.
select *
from ops.delivered_files
where rows_read <> rows_loaded + rows_duplicate + rows_rejected
