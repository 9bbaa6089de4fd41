-- One row per moment at which changes were recorded that have not been derived again yet, in order.
select
    recorded_at,
    decided_at,
    count(*) as changes
from ops.campaign_status_changes
where
    recorded_at > coalesce((select max(checked_through) from ops.evidence_checks), '-infinity'::timestamptz)
group by all
order by recorded_at
