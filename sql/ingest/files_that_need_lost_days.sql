-- One row per arrived file with events of a sealed day that cannot be read, or soon after one: whether they have been
-- charged before cannot be told. With what to do.
with arrived as (
    select
        file_id,
        epoch_us(occurred_at) // 86400000000 as day
    from arrived_events
    where occurred_at is not null
    group by all
),

lost as (
    select
        epoch_us(day) // 86400000000 as day,
        remedy
    from ops.unreadable_sealed_files
    where table_name = 'ad_events'
)

select
    arrived.file_id,
    min(lost.remedy) as remedy
from arrived
inner join lost
    on
        arrived.day = lost.day
        -- an event_id that comes back with another time is looked for in the newest days
        or lost.day >= (select max(newest.day) from arrived as newest) - $conflict_days
group by arrived.file_id
order by arrived.file_id
