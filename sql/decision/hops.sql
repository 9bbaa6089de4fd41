-- One row per change of a status that the decision makes, in order. Reads decided.
create or replace temp table hops as
select
    campaign_id,
    0 as step,
    null as from_status,
    status as to_status,
    'INITIAL' as reason
from decided
where recorded_status is null
union all
select
    campaign_id,
    1 as step,
    status as from_status,
    resumed_status as to_status,
    'PAUSE_ENDED' as reason
from decided
where resumed_status <> status
union all
select
    campaign_id,
    2 as step,
    resumed_status as from_status,
    enforced_status as to_status,
    case
        when enforced_status = 'SCHEDULED' then 'UNDER_BUDGET'
        when daily_reached then 'DAILY_BUDGET_REACHED'
        else 'MONTHLY_BUDGET_REACHED'
    end as reason
from decided
where enforced_status <> resumed_status
union all
select
    campaign_id,
    3 as step,
    enforced_status as from_status,
    stopped_status as to_status,
    case when is_active then 'WINDOW_CLOSED' else 'BRAND_INACTIVE' end as reason
from decided
where stopped_status <> enforced_status
union all
select
    campaign_id,
    4 as step,
    stopped_status as from_status,
    final_status as to_status,
    case when window_start is null then 'NO_WINDOW' else 'WINDOW_OPEN' end as reason
from decided
where final_status <> stopped_status
