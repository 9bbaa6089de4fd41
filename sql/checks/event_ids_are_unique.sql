-- Events of the newest batch whose event_id is there more than once, among the days that are not sealed.
with newest as not materialized (
    select hash(event_id) as digest
    from hot.ad_events
    where batch_id = (select max(batch_id) from ops.batches)
),

earlier as (
    select hash(event_id) as digest
    from hot.ad_events
    where batch_id < (select max(batch_id) from ops.batches)
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
    from newest
    semi join earlier using (digest)
)

select
    event_id,
    count(*) as times
from hot.ad_events
semi join alike on hash(ad_events.event_id) = alike.digest
group by event_id
having count(*) > 1
