-- What waits for a person.

-- name: everything
-- One row per delivered file, or reference row that has vanished, that is open, for people.
select
    name as open,
    reason,
    recorded_at as since,
    remedy
from (
    select
        name,
        reason,
        recorded_at,
        remedy
    from ops.open_files
    union all
    select
        table_name || ' ' || id as name,
        'no longer delivered' as reason,
        recorded_at,
        remedy
    from internal.open_missing_rows
) as files_and_rows
order by
    since desc,
    open asc;

-- name: files
-- One row per delivered file that is open, the newest first, with how many there are, for people.
select
    name,
    reason,
    remedy,
    count(*) over () as files
from ops.open_files
order by file_id desc
limit $at_most;
