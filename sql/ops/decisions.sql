-- One row per decision, also of those that changed nothing. Reads decided and hops.
insert into ops.decisions by name
select
    (select coalesce(max(decision_id), 0) + 1 from ops.decisions) as decision_id,
    $now::timestamptz as decided_at,
    $recorded_at::timestamptz as recorded_at,
    ops.summed_batch('infinity'::timestamptz) as watermark_batch_id,
    $run_id as run_id,
    count(*) as campaigns,
    count(*) filter (where campaign_id in (select campaign_id from hops)) as changed
from decided
