-- One row per change of a status with all that caused it; rows are only ever added.
create table if not exists ops.campaign_status_changes (
    change_id bigint not null,
    campaign_id bigint not null,
    brand_id bigint not null,
    from_status varchar,
    to_status varchar not null,
    reason varchar not null,
    decided_at timestamptz not null,
    recorded_at timestamptz not null,
    daily_spend decimal(38, 9),
    daily_budget decimal(38, 9),
    monthly_spend decimal(38, 9),
    monthly_budget decimal(38, 9),
    local_date date,
    timezone varchar,
    window_start timestamptz,
    window_end timestamptz,
    watermark_batch_id bigint not null,
    run_id varchar not null,
    changed_by varchar not null,
    note varchar,
    paused_until timestamptz,
    limits_reached struct("scope" varchar, "period" varchar, spend decimal(38, 9), budget decimal(38, 9))[], -- noqa
    limits_projected struct("scope" varchar, "period" varchar, spend decimal(38, 9), budget decimal(38, 9), hourly_rate decimal(38, 9), horizon_seconds bigint, projected_spend decimal(38, 9), stopped_at timestamptz)[] -- noqa
);
comment on table ops.campaign_status_changes is 'One row per change of a status with all that caused it; rows are only ever added.';
comment on column ops.campaign_status_changes.change_id is 'only grows';
comment on column ops.campaign_status_changes.from_status is 'null: the campaign''s first appearance';
comment on column ops.campaign_status_changes.decided_at is 'the instant decided for';
comment on column ops.campaign_status_changes.recorded_at is 'when it was written';
comment on column ops.campaign_status_changes.watermark_batch_id is 'the newest batch whose spend was counted';
comment on column ops.campaign_status_changes.changed_by is 'who: spendgate, or a person';
comment on column ops.campaign_status_changes.note is 'why, in a person''s words';
comment on column ops.campaign_status_changes.paused_until is 'when the pause ends by itself';
comment on column ops.campaign_status_changes.limits_reached is 'every limit of the brand and the campaign that was reached, in the order of the rules; null: not noted then';
comment on column ops.campaign_status_changes.limits_projected is 'every limit of the brand and the campaign that was held because it was foreseen to be reached: spend + hourly_rate * horizon_seconds / 3600 when it was stopped; null: not noted then';

-- name: add
-- One row per change of a status with all that caused it; rows are only ever added. Reads transitions, decided and
-- decision_evidence.
insert into ops.campaign_status_changes by name
select
    (select coalesce(max(change_id), 0) from ops.campaign_status_changes)
    + row_number() over (order by transitions.campaign_id, transitions.step) as change_id,
    decision_evidence.*,
    transitions.from_status,
    transitions.to_status,
    transitions.reason,
    $now::timestamptz as decided_at,
    $recorded_at::timestamptz as recorded_at,
    ops.summed_batch('infinity'::timestamptz) as watermark_batch_id,
    $run_id as run_id,
    'spendgate' as changed_by,
    null as note,
    case when transitions.to_status = 'PAUSED' then decided.paused_until end as paused_until
from transitions
inner join decided using (campaign_id)
inner join decision_evidence using (campaign_id);

-- name: add_manual
-- One row: a person's change of a status, beside the spend at that moment. Reads decision_evidence.
insert into ops.campaign_status_changes by name
select
    (select coalesce(max(change_id), 0) from ops.campaign_status_changes) + 1 as change_id,
    decision_evidence.*,
    $from_status as from_status,
    $status as to_status,
    'MANUAL' as reason,
    $now::timestamptz as decided_at,
    $recorded_at::timestamptz as recorded_at,
    ops.summed_batch('infinity'::timestamptz) as watermark_batch_id,
    $run_id as run_id,
    $changed_by as changed_by,
    $note as note,
    $paused_until as paused_until
from decision_evidence
where campaign_id = $campaign_id;
