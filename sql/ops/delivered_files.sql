-- One row per delivered file of any kind; file_id is unique among them.
create or replace view ops.delivered_files as
select * exclude (ignored_columns, read_at, ignored_more) from raw.event_files
union all by name
select * from internal.reference_files;
comment on view ops.delivered_files is 'One row per delivered file of any kind; file_id is unique among them.';

-- name: newest_id
-- One row: the newest file number, taken or kept for a backfill; 0 when there is none.
select
    greatest(
        (select coalesce(max(file_id), 0) from ops.delivered_files),
        (select coalesce(max(last_file_id), 0) from internal.backfills)
    ) as file_id;

-- name: new
-- One row per file that lies in a delivery folder in another state than it was last taken in.
with last_taken as (
    select
        name,
        bytes,
        changed_ns,
        reason
    from ops.delivered_files
    semi join seen_files using (name)
    qualify row_number() over (partition by name order by file_id desc) = 1
)

select seen.place
from seen_files as seen
anti join last_taken as taken
    on
        seen.name = taken.name
        and seen.bytes = taken.bytes
        and seen.changed_ns = taken.changed_ns
        -- a file refused only for the company it kept has its chance when that is gone
        and (
            not starts_with(coalesce(taken.reason, ''), $delivered_twice)
            or starts_with(coalesce(seen.refusal, ''), $delivered_twice)
        )
order by seen.place;

-- name: staged_copies
-- One row per delivered bytes: when they were delivered last, and whether that is long enough ago.
select
    sha256,
    max(recorded_at) < $before as is_old
from ops.delivered_files
where sha256 is not null
group by sha256;

-- name: staged_hashes
-- Hashes of all delivered files, of which there may be staged copies.
select distinct sha256
from ops.delivered_files
where sha256 is not null;
