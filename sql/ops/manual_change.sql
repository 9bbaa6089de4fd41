-- One row: a person's change of a status, beside the spend at that moment. Reads decided.
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
    coalesce((
        select max(batch_id) from ops.watermarks
        where table_name = 'mart'
    ), 0) as watermark_batch_id,
    $run_id as run_id,
    $changed_by as changed_by,
    $note as note
from decided
where campaign_id = $campaign_id
