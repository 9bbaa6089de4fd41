-- One row per refused file that no longer lies there; each run notes what has changed.
create table if not exists internal.refused_files_gone (
    file_id bigint not null,
    recorded_at timestamptz not null
);
comment on table internal.refused_files_gone is 'One row per refused file that no longer lies there; each run notes what has changed.';
comment on column internal.refused_files_gone.recorded_at is 'when a run missed it';

create or replace macro ops.is_below(name, folders) as
coalesce(len(list_filter(folders, lambda folder: starts_with(name, folder || '/'))) > 0, false);
comment on macro ops.is_below is 'Whether a file lies below one of some folders.'; -- noqa: PRS

-- name: add
-- One row per refused file that is gone; not of those that lie in a folder which could not be listed. Reads seen_files.
insert into internal.refused_files_gone
with unlisted as (
    select list(name) as folders
    from seen_files
    where is_unlisted
)

select
    refused.file_id,
    $recorded_at::timestamptz as recorded_at
from internal.refused_files as refused
cross join unlisted
anti join seen_files as seen on refused.name = seen.name
anti join internal.refused_files_gone as known on refused.file_id = known.file_id
where not ops.is_below(refused.name, unlisted.folders);

-- name: remove_returned
-- A refused file that lies there again, such as on a disk that was away, is open again. Reads seen_files.
delete from internal.refused_files_gone
where file_id in (
    select refused.file_id
    from internal.refused_files as refused
    semi join seen_files using (name)
);

-- name: count_changed
-- One row: how many refused files have gone, or lie there again, since that was noted. Reads seen_files.
with unlisted as (
    select list(name) as folders
    from seen_files
    where is_unlisted
)

select count(*) as changed
from internal.refused_files as refused
cross join unlisted
left join internal.refused_files_gone as gone using (file_id)
left join seen_files as seen on refused.name = seen.name
where
    (seen.name is null) = (gone.file_id is null)
    and (seen.name is not null or not ops.is_below(refused.name, unlisted.folders));
