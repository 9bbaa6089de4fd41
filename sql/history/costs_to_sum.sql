-- One row per cost, and per correction of a cost. Reads charged_costs and booked_corrections.
create or replace temporary view costs_to_sum as
select
    brand_id,
    campaign_id,
    cost_type,
    amount,
    true as is_cost,
    occurred_at
from charged_costs
union all
select
    brand_id,
    campaign_id,
    cost_type,
    amount,
    false as is_cost,
    occurred_at
from booked_corrections;
