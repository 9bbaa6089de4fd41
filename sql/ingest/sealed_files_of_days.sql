-- One row per sealed file of events of a day on which an arrived event happened.
select distinct name
from ops.sealed_files as files
semi join (
    select distinct epoch_us(occurred_at) // 86400000000 as day
    from arrived_events
) as days
    on epoch_us(files.day) // 86400000000 = days.day
where files.table_name = 'ad_events'
order by name
