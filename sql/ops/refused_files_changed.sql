-- One row: how many refused files have gone, or lie there again, since that was noted. Reads seen_files.
with unlisted as (
    select list(name) as folders
    from seen_files
    where is_unlisted
)

select count(*) as changed
from ops.refused_files as refused
cross join unlisted
left join ops.refused_files_gone as gone using (file_id)
left join seen_files as seen on refused.name = seen.name
where
    (seen.name is null) = (gone.file_id is null)
    and (seen.name is not null or not ops.is_below(refused.name, unlisted.folders))
