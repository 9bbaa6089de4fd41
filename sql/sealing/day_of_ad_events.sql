-- Hot events of one day, in the order in which they are sealed.
create or replace temp table sealed_day as
select *
from hot.ad_events
where
    occurred_at >= make_timestamptz(epoch_us($day::date))
    and occurred_at < make_timestamptz(epoch_us($day::date + 1))
order by
    occurred_at,
    event_id
