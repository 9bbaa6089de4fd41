-- One row per refused file that is gone; not of those that lie in a folder which could not be listed. Reads seen_files.
insert into ops.refused_files_gone
with unlisted as (
    select list(name) as folders
    from seen_files
    where is_unlisted
)

select
    refused.file_id,
    $recorded_at::timestamptz as recorded_at
from ops.refused_files as refused
cross join unlisted
anti join seen_files as seen on refused.name = seen.name
anti join ops.refused_files_gone as known on refused.file_id = known.file_id
where not ops.is_below(refused.name, unlisted.folders)
