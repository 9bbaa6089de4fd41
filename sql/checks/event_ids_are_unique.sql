-- Events whose event_id is there more than once among the days that are not sealed: of the batches that came since this
-- was found right, against all of them.
with newest as not materialized (
    select hash(event_id) as digest
    from internal.ad_events
    where batch_id > $checked_through
),

earlier as (
    select hash(event_id) as digest
    from internal.ad_events
    where batch_id <= $checked_through
),

-- by digests first, which takes half the time; a digest may be shared by two ids
alike as (
    select digest
    from (
        -- sorted, which takes less time and memory than a group for each
        select
            digest,
            lag(digest) over (order by digest) as digest_before
        from newest
    ) as sorted
    where digest = digest_before
    union
    select digest
    from earlier
    semi join newest using (digest) -- few are kept in memory, many pass by
)

select
    event_id,
    count(*) as times
from internal.ad_events
semi join alike on hash(ad_events.event_id) = alike.digest
group by event_id
having count(*) > 1
