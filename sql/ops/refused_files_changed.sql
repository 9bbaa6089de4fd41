-- One row: how many refused files have gone, or lie there again, since that was noted. Reads seen_files.
select count(*) as changed
from ops.refused_files as refused
left join ops.refused_files_gone as gone using (file_id)
left join seen_files as seen
    on refused.name = seen.name and refused.bytes = seen.bytes and refused.changed_ns = seen.changed_ns
where (seen.name is null) = (gone.file_id is null)
