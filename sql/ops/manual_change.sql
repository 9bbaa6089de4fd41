-- One row: a person's change of a status, beside the spend at that moment. Reads decided and brand_now.
insert into ops.campaign_status_changes by name
select
    (select coalesce(max(change_id), 0) from ops.campaign_status_changes) + 1 as change_id,
    campaign_id,
    brand_id,
    $from_status as from_status,
    $status as to_status,
    'MANUAL' as reason,
    $now::timestamptz as decided_at,
    $recorded_at::timestamptz as recorded_at,
    daily_spend,
    daily_budget,
    monthly_spend,
    monthly_budget,
    local_date,
    timezone,
    window_start,
    window_end,
    ops.summed_batch('infinity'::timestamptz) as watermark_batch_id,
    $run_id as run_id,
    $changed_by as changed_by,
    $note as note,
    $paused_until as paused_until
from decided
inner join brand_now using (brand_id)
where campaign_id = $campaign_id
