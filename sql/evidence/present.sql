-- One row: what a decision makes of one campaign. Reads decided and hops.
select
    decided.status,
    decided.final_status,
    coalesce((
        select list(hops.reason order by hops.step) from hops
        where hops.campaign_id = $campaign_id
    ), []) as reasons,
    brand_now.daily_spend,
    brand_now.daily_budget,
    brand_now.monthly_spend,
    brand_now.monthly_budget,
    decided.is_active,
    decided.window_start,
    decided.window_end,
    decided.window_open,
    decided.next_change_at,
    decided.paused_until
from decided
inner join brand_now on decided.brand_id = brand_now.brand_id
where decided.campaign_id = $campaign_id
