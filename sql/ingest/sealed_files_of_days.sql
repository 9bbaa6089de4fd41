-- One row per sealed file of events in which an arrived event may be found again: with the same time on its own day,
-- with another time in the newest days.
with arrived as (
    select distinct epoch_us(occurred_at) // 86400000000 as day
    from arrived_events
)

select distinct name
from ops.sealed_files as files
where
    files.table_name = 'ad_events'
    and (
        epoch_us(files.day) // 86400000000 in (select day from arrived)
        or epoch_us(files.day) // 86400000000 >= (select max(day) from arrived) - $conflict_days
    )
order by name
