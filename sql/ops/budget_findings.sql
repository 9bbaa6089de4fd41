-- One row per brand or campaign and decision that found a budget of it reached, or none any more; rows are only ever
-- added.
create table if not exists ops.budget_findings (
    brand_id bigint not null,
    is_reached boolean not null,
    decided_at timestamptz not null,
    recorded_at timestamptz not null,
    run_id varchar not null,
    campaign_id bigint
);
comment on table ops.budget_findings is 'One row per brand or campaign and decision that found a budget of it reached, or none any more; rows are only ever added.';
comment on column ops.budget_findings.is_reached is 'any limit of it, or foreseen to be, by its policy';
comment on column ops.budget_findings.campaign_id is 'of a campaign with limits of its own; null: of the brand';
comment on column ops.budget_findings.decided_at is 'the instant decided for: what happened after it happened while the brand was stopped, or free';

-- name: add
-- One row per brand or campaign and decision that found a limit of it reached, or none any more. Reads limits, and what
-- had been found for the instant before: in mart.budgets when decisions are made in order, else in the findings.
insert into ops.budget_findings by name
with found as (
    select distinct
        brand_id,
        case when scope = 'CAMPAIGN' then id end as campaign_id
    from limits
    where reached or foreseen
),

newest as (
    select arg_max(decided_at, decision_id) = max(decided_at) and max(decided_at) <= $now as in_order
    from ops.decisions
    where recorded_at < $recorded_at
),

found_before as (
    select distinct
        brand_id,
        case when scope = 'CAMPAIGN' then id end as campaign_id
    from mart.budgets
    where (reached or foreseen) and (select in_order from newest)
    union all
    select
        brand_id,
        campaign_id
    from ops.budget_findings
    where decided_at <= $now and not (select in_order from newest)
    group by all
    having arg_max(is_reached, { 'decided_at': decided_at, 'recorded_at': recorded_at })
)

select
    coalesce(found.brand_id, found_before.brand_id) as brand_id,
    coalesce(found.campaign_id, found_before.campaign_id) as campaign_id,
    found.brand_id is not null as is_reached,
    $now::timestamptz as decided_at,
    $recorded_at::timestamptz as recorded_at,
    $run_id as run_id
from found
full join found_before
    on
        found.brand_id = found_before.brand_id
        and coalesce(found.campaign_id, -1) = coalesce(found_before.campaign_id, -1)
where found.brand_id is null or found_before.brand_id is null;
