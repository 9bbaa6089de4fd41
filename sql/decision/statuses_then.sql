-- One row per campaign that had a status: the one it had by the changes recorded before $recorded_before that were made
-- for $decided_through or earlier. All campaigns, or the one of $campaign_id.
create or replace temp table statuses as
select
    campaign_id,
    arg_max(to_status, change_id) as status,
    arg_max({ 'at': paused_until }, change_id).at as paused_until
from ops.campaign_status_changes
where
    recorded_at < coalesce($recorded_before, 'infinity'::timestamptz)
    and decided_at <= coalesce($decided_through, 'infinity'::timestamptz)
    and ($campaign_id is null or campaign_id = $campaign_id)
group by campaign_id
