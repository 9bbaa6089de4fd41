-- One row per campaign, for people.
select
    status.campaign_id as campaign,
    campaigns.name,
    status.status,
    status.reason,
    status.changed_at as "since (UTC)",
    case
        when status.window_start is null then 'any time'
        else strftime(status.window_start, '%a %H:%M') || ' - ' || strftime(status.window_end, '%a %H:%M')
    end as "window (UTC)",
    status.next_change_at as "next change (UTC)"
from ops.campaign_status as status
left join core.campaigns on status.campaign_id = campaigns.campaign_id and campaigns.valid_to is null
where $brand_id is null or status.brand_id = $brand_id
order by status.campaign_id
