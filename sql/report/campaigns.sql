-- One row per campaign, for people; where they are more than $at_most, those that changed last.
with shown as (
    select *
    from ops.campaign_status
    where $brand_id is null or brand_id = $brand_id
    order by
        changed_at desc,
        campaign_id asc
    limit $at_most
)

select
    shown.campaign_id as campaign,
    campaigns.name,
    shown.status,
    shown.reason,
    shown.changed_at as "since (UTC)",
    case
        when shown.window_start is null then 'any time'
        else strftime(shown.window_start, '%a %H:%M') || ' - ' || strftime(shown.window_end, '%a %H:%M')
    end as "window (UTC)",
    shown.next_change_at as "next change (UTC)"
from shown
left join core.campaigns on shown.campaign_id = campaigns.campaign_id and campaigns.valid_to is null
order by shown.campaign_id
