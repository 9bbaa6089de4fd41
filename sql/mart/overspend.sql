-- One row per brand and local day or month in which it spent more than its budget: how much, and why.
create table if not exists mart.overspend (
    brand_id bigint not null,
    period varchar not null,
    starts_on date not null,
    budget decimal(38, 9) not null,
    spend decimal(38, 9) not null,
    overspend decimal(38, 9) not null,
    before_decision decimal(38, 9) not null,
    after_stop decimal(38, 9) not null,
    late decimal(38, 9) not null,
    budget_cut decimal(38, 9) not null
);
comment on table mart.overspend is 'One row per brand and local day or month in which it spent more than its budget: how much, and why.';
comment on column mart.overspend.period is 'DAY or MONTH';
comment on column mart.overspend.starts_on is 'the local date, or the first one of the month';
comment on column mart.overspend.budget is 'the budget in force at the end of the period, or now while it lasts';
comment on column mart.overspend.overspend is 'spend - budget = before_decision + after_stop + late + budget_cut';
comment on column mart.overspend.before_decision is 'spent over the budget before a decision had found it reached';
comment on column mart.overspend.after_stop is 'spent over the budget while the last decision had found a budget of the brand reached';
comment on column mart.overspend.late is 'spent over the budget, counted only after a decision had been made for the end of the period or later';
comment on column mart.overspend.budget_cut is 'spent within the budget of that moment, over the one that came after it';

-- name: add
-- One row per brand and local day or month in which it spent more than its budget: how much, and why. Reads
-- exceeded_periods.
--
-- The costs of a period are laid end to end in the order in which they happened, those that came late after them all;
-- what lies beyond the budget is the overspend. Within a phase, in which neither the budgets nor what the decisions had
-- found changed, every cost has the same cause, so a sum for each phase is enough.
insert into mart.overspend
with bounds as (
    select
        min(starts_on) - interval 2 days as starts_at,
        max(starts_on) + interval 33 days as ends_at
    from exceeded_periods
),

brands as (
    select distinct
        brand_id,
        timezone
    from exceeded_periods
),

offsets as (
    select offsets.*
    from
        core.brand_offsets(
            'infinity'::timestamptz,
            (select starts_at from bounds),
            (select ends_at from bounds)
        ) as offsets
    semi join brands using (brand_id)
),

local_costs as (
    select
        costs.brand_id,
        costs.amount,
        costs.occurred_at,
        costs.batch_id,
        core.local_time(costs.occurred_at, offsets.utc_offset)::date as local_date
    from mart.costs_as_known('infinity'::timestamptz) as costs
    inner join offsets
        on
            costs.brand_id = offsets.brand_id
            and costs.occurred_at >= offsets.starts_at
            and costs.occurred_at < offsets.ends_at
    where
        costs.occurred_at >= (select starts_at from bounds)
        and costs.occurred_at < (select ends_at from bounds)
),

findings as (
    select
        brand_id,
        decided_at,
        arg_max(is_reached, recorded_at) as is_reached
    from ops.budget_findings
    semi join brands using (brand_id)
    group by all
),

phases as (
    select
        local_costs.brand_id,
        local_costs.local_date,
        local_costs.batch_id,
        budgets.valid_from,
        budgets.daily_budget,
        budgets.monthly_budget,
        findings.decided_at,
        coalesce(findings.is_reached, false) as is_stopped,
        sum(local_costs.amount) as spend
    from local_costs
    inner join core.brands as budgets
        on
            local_costs.brand_id = budgets.brand_id
            and local_costs.occurred_at >= budgets.valid_from
            and local_costs.occurred_at < coalesce(budgets.valid_to, 'infinity'::timestamptz)
    -- what happened at the very instant decided for had been counted
    asof left join findings
        on local_costs.brand_id = findings.brand_id and local_costs.occurred_at > findings.decided_at
    group by all
),

period_phases as (
    select
        exceeded.brand_id,
        exceeded.period,
        exceeded.starts_on,
        exceeded.budget,
        exceeded.spend as period_spend,
        case exceeded.period when 'DAY' then phases.daily_budget else phases.monthly_budget end as budget_then,
        coalesce(phases.batch_id > exceeded.closing_batch_id, false) as is_late,
        phases.valid_from,
        phases.decided_at,
        phases.is_stopped,
        sum(phases.spend) as spend
    from phases
    inner join exceeded_periods as exceeded
        on
            phases.brand_id = exceeded.brand_id
            and phases.local_date >= exceeded.starts_on
            and phases.local_date < exceeded.ends_on
    group by all
),

laid as (
    select
        *,
        sum(spend) over (
            partition by brand_id, period, starts_on
            order by is_late, valid_from, decided_at nulls first
            rows unbounded preceding
        ) as through
    from period_phases
),

split as (
    select
        *,
        greatest(through - greatest(through - spend, budget), 0) as beyond,
        case
            when is_late then 0
            else greatest(least(through, coalesce(budget_then, through)) - greatest(through - spend, budget), 0)
        end as within_then
    from laid
)

select
    brand_id,
    period,
    starts_on,
    budget,
    period_spend as spend,
    period_spend - budget as overspend,
    coalesce(sum(beyond - within_then) filter (where not is_late and not is_stopped), 0) as before_decision,
    coalesce(sum(beyond - within_then) filter (where not is_late and is_stopped), 0) as after_stop,
    coalesce(sum(beyond) filter (where is_late), 0) as late,
    sum(within_then) as budget_cut
from split
group by all;

-- name: remove_due
-- Make room for what is recomputed.
delete from mart.overspend
where (brand_id, period, starts_on) in (select (brand_id, period, starts_on) from due_periods);
