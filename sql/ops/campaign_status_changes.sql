-- One row per change of a status with all that caused it; rows are only ever added. Reads hops,
-- decided and brand_now.
insert into ops.campaign_status_changes by name
select
    (select coalesce(max(change_id), 0) from ops.campaign_status_changes)
    + row_number() over (order by hops.campaign_id, hops.step) as change_id,
    hops.campaign_id,
    decided.brand_id,
    hops.from_status,
    hops.to_status,
    hops.reason,
    $now::timestamptz as decided_at,
    $recorded_at::timestamptz as recorded_at,
    brand_now.daily_spend,
    brand_now.daily_budget,
    brand_now.monthly_spend,
    brand_now.monthly_budget,
    brand_now.local_date,
    brand_now.timezone,
    decided.window_start,
    decided.window_end,
    ops.summed_batch('infinity'::timestamptz) as watermark_batch_id,
    $run_id as run_id,
    'spendgate' as changed_by,
    null as note,
    case when hops.to_status = 'PAUSED' then decided.paused_until end as paused_until
from hops
inner join decided using (campaign_id)
inner join brand_now on decided.brand_id = brand_now.brand_id
