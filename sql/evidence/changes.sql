-- One row per change a campaign took at the newest moment at which it changed up to $at: all hops of one decision, or a
-- person's change, in order.
with moment as (
    select arg_max(recorded_at, change_id) as recorded_at
    from ops.campaign_status_changes
    where campaign_id = $campaign_id and decided_at <= coalesce($at, 'infinity'::timestamptz)
)

select changes.*
from ops.campaign_status_changes as changes
semi join moment using (recorded_at)
where changes.campaign_id = $campaign_id
order by changes.change_id
