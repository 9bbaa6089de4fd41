-- One row per sealed file: what it has to be, and what was found when it was verified last.
select
    files.name,
    files.table_name,
    files.day,
    files.rows,
    files.spend,
    files.transactions,
    files.sha256,
    coalesce(states.state, 'UNKNOWN') as state,
    states.bytes,
    states.changed_ns,
    states.verified_at
from ops.sealed_files as files
left join ops.sealed_file_states as states using (name)
order by states.verified_at nulls first, files.day, files.name
