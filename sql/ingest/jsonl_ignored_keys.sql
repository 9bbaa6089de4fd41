-- Keys nobody asked for, of the JSONL file read in bulk, and how often each was met: the first $names, and a row
-- without a name for all others.
with counted as (
    select
        key,
        count(*) as times
    from (
        select unnest(unusual_keys) as key
        from jsonl_lines
        where not odd
    ) as keys
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
