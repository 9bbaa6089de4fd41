-- Hot events of some days, by day and within it in the order in which they are sealed.
create or replace temp table sealed_days as
select
    *,
    make_timestamp((epoch_us(occurred_at) // 86400000000) * 86400000000)::date as day
from hot.ad_events
where
    occurred_at >= make_timestamptz(epoch_us($first_day::date))
    and occurred_at < make_timestamptz(epoch_us($last_day::date + 1))
    and day in $days
order by
    occurred_at, -- and so by day
    event_id
