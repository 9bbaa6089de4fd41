-- Campaigns whose status is not the one their last change led to.
with last_changes as (
    select
        campaign_id,
        arg_max(to_status, change_id) as to_status
    from ops.campaign_status_changes
    group by campaign_id
)

select
    campaign_id,
    status.status,
    last_changes.to_status
from internal.campaign_status as status
full join last_changes using (campaign_id)
where status.status is distinct from last_changes.to_status
