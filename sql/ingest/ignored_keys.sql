-- Keys nobody asked for, of a file of JSON lines read in bulk, and how often each was met: the first $names, and a row
-- without a name for all others.
with usual as (
    select
        shape,
        count(*) as times
    from bulk_events
    where file_id = $file_id and doubt is null and shape is not null
    group by shape
),

met as (
    select
        unnest($usual_keys[shape]) as key,
        times
    from usual
    union all
    select
        unnest(unusual_keys) as key,
        1 as times
    from bulk_events
    where file_id = $file_id and doubt is null and shape is null
),

counted as (
    select
        key,
        sum(times)::bigint as times
    from met
    where key not in ('event_id', 'ad_id', 'event_type', 'occurred_at')
    group by key
),

named as (
    select
        key,
        times
    from counted
    order by key
    limit $names
)

select
    key,
    times
from named
union all
select
    null as key,
    (select sum(times) from counted)::bigint - (select sum(times) from named)::bigint as times
where (select count(*) from counted) > $names
