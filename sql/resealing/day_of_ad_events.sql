-- Events of a lost day, made again, as they are sealed. Reads made_events; what the warehouse has is left out.
create or replace temp table sealed_days as
select
    made.*,
    $day::date as day
from made_events as made
anti join raw.ad_events as known using (event_id)
where
    made.occurred_at >= make_timestamptz(epoch_us($day::date))
    and made.occurred_at < make_timestamptz(epoch_us($day::date + 1))
order by
    made.occurred_at,
    made.event_id
