-- One row per brand and decision that found a budget of it reached, or none any more; rows are only ever added.
create table if not exists ops.budget_findings (
    brand_id bigint not null,
    is_reached boolean not null,
    decided_at timestamptz not null,
    recorded_at timestamptz not null,
    run_id varchar not null
);
comment on table ops.budget_findings is 'One row per brand and decision that found a budget of it reached, or none any more; rows are only ever added.';
comment on column ops.budget_findings.is_reached is 'the budget of the day, of the month, or both';
comment on column ops.budget_findings.decided_at is 'the instant decided for: what happened after it happened while the brand was stopped, or free';

-- name: add
-- One row per brand and decision that found a budget of it reached, or none any more. Reads brand_now, and what had
-- been found for the instant before: in mart.brand_budget when decisions are made in order, else in the findings.
insert into ops.budget_findings
with found as (
    select
        brand_id,
        coalesce(daily_spend >= daily_budget, false) or coalesce(monthly_spend >= monthly_budget, false) as is_reached
    from brand_now
),

newest as (
    select arg_max(decided_at, decision_id) = max(decided_at) and max(decided_at) <= $now as in_order
    from ops.decisions
    where recorded_at < $recorded_at
),

found_before as (
    select
        brand_id,
        coalesce(daily_spend >= daily_budget, false) or coalesce(monthly_spend >= monthly_budget, false) as is_reached
    from mart.brand_budget
    where (select in_order from newest)
    union all
    select
        brand_id,
        arg_max(is_reached, { 'decided_at': decided_at, 'recorded_at': recorded_at }) as is_reached
    from ops.budget_findings
    where decided_at <= $now and not (select in_order from newest)
    group by brand_id
)

select
    found.brand_id,
    found.is_reached,
    $now::timestamptz as decided_at,
    $recorded_at::timestamptz as recorded_at,
    $run_id as run_id
from found
left join found_before on found.brand_id = found_before.brand_id
where found.is_reached <> coalesce(found_before.is_reached, false);
