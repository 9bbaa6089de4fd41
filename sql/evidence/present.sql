-- One row: what a decision makes of one campaign. Reads decided and hops.
select
    decided.status,
    decided.final_status,
    coalesce((
        select list(hops.reason order by hops.step) from hops
        where hops.campaign_id = $campaign_id
    ), []) as reasons,
    decided.daily_spend,
    decided.daily_budget,
    decided.monthly_spend,
    decided.monthly_budget,
    decided.is_active,
    decided.window_start,
    decided.window_end,
    decided.window_open,
    decided.next_change_at,
    decided.paused_until
from decided
where decided.campaign_id = $campaign_id
