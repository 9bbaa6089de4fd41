-- One row per brand and decision that found a budget of it reached, or none any more. Reads brand_now, and in
-- mart.brand_budget what the decision before had found.
insert into ops.budget_findings
with found as (
    select
        brand_id,
        coalesce(daily_spend >= daily_budget, false) or coalesce(monthly_spend >= monthly_budget, false) as is_reached
    from brand_now
),

found_before as (
    select
        brand_id,
        coalesce(daily_spend >= daily_budget, false) or coalesce(monthly_spend >= monthly_budget, false) as is_reached
    from mart.brand_budget
)

select
    found.brand_id,
    found.is_reached,
    $now::timestamptz as decided_at,
    $recorded_at::timestamptz as recorded_at,
    $run_id as run_id
from found
left join found_before on found.brand_id = found_before.brand_id
where found.is_reached <> coalesce(found_before.is_reached, false)
