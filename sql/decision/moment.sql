-- One row, when $now lies before the newest decision: until when was recorded what could be seen then (null: nothing),
-- and which changes had been made. An instant that was decided for stands for that decision, any other one for the time
-- between two. With $seen_then also for the newest decision itself.
with next_decision as (
    select *
    from ops.decisions
    where decided_at >= $now
    order by decided_at <> $now, decision_id
    limit 1
)

select
    case when decided_at = $now then recorded_at else (
        select earlier.recorded_at from ops.decisions as earlier
        where earlier.decision_id = next_decision.decision_id - 1
    ) end as known_at,
    recorded_at as recorded_before,
    case when decided_at = $now then 'infinity'::timestamptz else $now end as decided_through
from next_decision
where $seen_then or $now < (select max(decided_at) from ops.decisions)
