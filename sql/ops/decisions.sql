-- One row per decision, also of those that changed nothing.
create table if not exists ops.decisions (
    decision_id bigint not null,
    decided_at timestamptz not null,
    recorded_at timestamptz not null,
    watermark_batch_id bigint not null,
    run_id varchar not null,
    campaigns bigint not null,
    changed bigint not null
);
comment on table ops.decisions is 'One row per decision, also of those that changed nothing.';
comment on column ops.decisions.decision_id is 'only grows';
comment on column ops.decisions.decided_at is 'the instant decided for';
comment on column ops.decisions.recorded_at is 'when it was written; the changes it made carry the same time';
comment on column ops.decisions.watermark_batch_id is 'the newest batch whose spend was counted';
comment on column ops.decisions.campaigns is 'how many were decided';
comment on column ops.decisions.changed is 'how many of them changed';

-- name: add
-- One row per decision, also of those that changed nothing. Reads decided and transitions.
insert into ops.decisions by name
select
    (select coalesce(max(decision_id), 0) + 1 from ops.decisions) as decision_id,
    $now::timestamptz as decided_at,
    $recorded_at::timestamptz as recorded_at,
    ops.summed_batch('infinity'::timestamptz) as watermark_batch_id,
    $run_id as run_id,
    count(*) as campaigns,
    count(*) filter (where campaign_id in (select campaign_id from transitions)) as changed
from decided;
