-- One row per budget of a day or longer and period in which more than it was spent: how much, and why.
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
    budget_cut decimal(38, 9) not null,
    scope varchar not null,
    id bigint not null
);
comment on table mart.overspend is 'One row per budget of a day or longer and period in which more than it was spent: how much, and why.';
comment on column mart.overspend.period is 'DAY, WEEK, MONTH or LIFETIME';
comment on column mart.overspend.starts_on is 'the first local date of the period; of all time 2000-01-01';
comment on column mart.overspend.budget is 'the budget in force at the end of the period, or now while it lasts';
comment on column mart.overspend.overspend is 'spend - budget = before_decision + after_stop + late + budget_cut';
comment on column mart.overspend.before_decision is 'spent over the budget before a decision had found it reached';
comment on column mart.overspend.after_stop is 'spent over the budget while the last decision had found a limit of the brand, or of the campaign, reached';
comment on column mart.overspend.late is 'spent over the budget, counted only after a decision had been made for the end of the period or later';
comment on column mart.overspend.budget_cut is 'spent within the budget of that moment, over the one that came after it';
comment on column mart.overspend.scope is 'whose budget: BRAND or CAMPAIGN';
comment on column mart.overspend.id is 'brand_id or campaign_id';

-- name: add
-- One row per budget of a day or longer and period in which more than it was spent: how much, and why. Reads
-- exceeded_periods and budget_history.
--
-- The costs of a period are laid end to end in the order in which they happened, those that came late after them all;
-- what lies beyond the budget is the overspend. Within a phase, in which neither the budget nor what the decisions had
-- found changed, every cost has the same cause, so a sum for each phase is enough.
insert into mart.overspend by name
with bounds as (
    select
        min(starts_on) - interval 2 days as starts_at,
        coalesce(max(ends_on) + interval 2 days, 'infinity'::timestamp) as ends_at
    from exceeded_periods
),

brands as (
    select distinct brand_id
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

taken_back as (
    select
        corrected_transaction_id,
        sum(amount) as amount
    from core.corrections
    semi join brands using (brand_id)
    where batch_id <= ops.summed_batch('infinity'::timestamptz)
    group by corrected_transaction_id
),

local_costs as (
    select
        costs.brand_id,
        costs.campaign_id,
        -- what was corrected has never been spent
        costs.amount + coalesce(taken_back.amount, 0) as amount,
        costs.occurred_at,
        costs.batch_id,
        core.local_time(costs.occurred_at, offsets.utc_offset)::date as local_date
    from mart.costs_as_known('infinity'::timestamptz) as costs
    inner join offsets
        on
            costs.brand_id = offsets.brand_id
            and costs.occurred_at >= offsets.starts_at
            and costs.occurred_at < offsets.ends_at
    left join taken_back on costs.transaction_id = taken_back.corrected_transaction_id
    where
        costs.transaction_type = 'COST'
        and costs.occurred_at >= (select starts_at from bounds)
        and costs.occurred_at < (select ends_at from bounds)
),

-- what the last decision had found, of the brand for its own budgets, of both for a campaign's
changes as (
    select
        owners.scope,
        owners.id,
        findings.campaign_id is null as is_of_brand,
        findings.decided_at,
        arg_max(findings.is_reached, findings.recorded_at) as is_reached
    from (select distinct
        scope,
        id,
        brand_id
    from exceeded_periods) as owners
    inner join ops.budget_findings as findings
        on
            owners.brand_id = findings.brand_id
            and (findings.campaign_id is null or (owners.scope = 'CAMPAIGN' and owners.id = findings.campaign_id))
    group by all
),

findings as (
    select
        scope,
        id,
        decided_at,
        coalesce(last_value(of_brand ignore nulls) over earlier, false)
        or coalesce(last_value(own ignore nulls) over earlier, false) as is_reached
    from (
        select
            scope,
            id,
            decided_at,
            bool_or(is_reached) filter (is_of_brand) as of_brand,
            bool_or(is_reached) filter (not is_of_brand) as own
        from changes
        group by
            scope,
            id,
            decided_at
    ) as by_instant
    window earlier as (partition by scope, id order by decided_at rows unbounded preceding)
),

versions as (
    select distinct
        scope,
        id,
        period,
        valid_from
    from budget_history
),

period_costs as (
    select
        exceeded.scope,
        exceeded.id,
        exceeded.brand_id,
        exceeded.period,
        exceeded.starts_on,
        exceeded.budget,
        exceeded.spend as period_spend,
        local_costs.local_date,
        local_costs.amount,
        local_costs.occurred_at,
        coalesce(local_costs.batch_id > exceeded.closing_batch_id, false) as is_late
    from local_costs
    inner join exceeded_periods as exceeded
        on
            local_costs.brand_id = exceeded.brand_id
            and local_costs.local_date >= exceeded.starts_on
            and local_costs.local_date < exceeded.ends_on
            and (exceeded.scope = 'BRAND' or local_costs.campaign_id = exceeded.id)
),

phases as (
    select
        costs.scope,
        costs.id,
        costs.brand_id,
        costs.period,
        costs.starts_on,
        costs.budget,
        costs.period_spend,
        costs.local_date,
        costs.is_late,
        versions.valid_from,
        findings.decided_at,
        coalesce(findings.is_reached, false) as is_stopped,
        min(costs.occurred_at) as first_at,
        sum(costs.amount) as spend
    from period_costs as costs
    asof left join versions
        on
            costs.scope = versions.scope
            and costs.id = versions.id
            and costs.period = versions.period
            and costs.occurred_at >= versions.valid_from
    -- what happened at the very instant decided for had been counted
    asof left join findings
        on costs.scope = findings.scope and costs.id = findings.id and costs.occurred_at > findings.decided_at
    group by all
),

period_phases as (
    select
        phases.*,
        arg_max(
            { 'amount': history.amount }, { 'from_on': history.from_on, 'place': history.place }
        ).amount as budget_then
    from phases
    left join budget_history as history
        on
            phases.scope = history.scope
            and phases.id = history.id
            and phases.period = history.period
            and phases.valid_from >= history.valid_from
            and phases.valid_from < history.valid_to
            and phases.local_date >= history.from_on
            and phases.local_date < history.until_on
    group by all
),

laid as (
    select
        *,
        sum(spend) over (
            partition by scope, id, period, starts_on
            order by is_late, first_at
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
    scope,
    id,
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
-- Make room for what is recomputed. Reads due_periods and budget_history.
delete from mart.overspend as known
using
    due_periods as due,
    (
        select distinct
            scope,
            id,
            brand_id,
            period
        from budget_history
        where amount is not null
    ) as budgets
where
    known.scope = budgets.scope
    and known.id = budgets.id
    and known.period = budgets.period
    and known.starts_on = due.starts_on
    and budgets.brand_id = due.brand_id
    and budgets.period = due.period;
