-- Which periods of budgets were gone beyond.

-- name: budget_history
-- One row per version of a row that set a budget of a day or longer: when it was in force, and on which local dates it
-- holds, the last one exclusive.
create or replace temp table budget_history as
with owned as (
    select
        'BRAND' as scope,
        brands.brand_id as id,
        brands.brand_id,
        periods.period,
        case periods.period when 'DAY' then brands.daily_budget else brands.monthly_budget end as amount,
        null::date as effective_from,
        null::date as effective_to,
        0 as place,
        brands.valid_from,
        brands.valid_to
    from core.brands
    cross join (values ('DAY'), ('MONTH')) as periods (period)
    union all
    select
        budgets.scope,
        budgets.id,
        owners.brand_id,
        budgets.period,
        budgets.amount,
        budgets.effective_from,
        budgets.effective_to,
        1 as place,
        budgets.valid_from,
        budgets.valid_to
    from core.budgets
    inner join core.budget_owners('infinity'::timestamptz, 'infinity'::timestamptz) as owners
        on budgets.scope = owners.scope and budgets.id = owners.id
    where budgets.period <> 'HOUR'
)

select
    owned.* exclude (effective_from, effective_to, valid_to),
    coalesce(owned.effective_from, '-infinity'::date) as from_on,
    case when owned.effective_to is null then 'infinity'::date else owned.effective_to + 1 end as until_on,
    coalesce(owned.valid_to, 'infinity'::timestamptz) as valid_to
from owned
semi join internal.overspend_due using (brand_id);

-- name: due_periods
-- One row per brand and period of a budget of a day or longer whose overspend is due; all time begins in 2000. Reads
-- budget_history.
create or replace temp table due_periods as
select distinct
    due.brand_id,
    periods.period,
    coalesce(date_trunc(periods.unit, due.local_date)::date, '2000-01-01'::date) as starts_on,
    coalesce((date_trunc(periods.unit, due.local_date) + periods.length)::date, 'infinity'::date) as ends_on
from internal.overspend_due as due
inner join (
    select distinct
        brand_id,
        period
    from budget_history
    where amount is not null
) as budgets on due.brand_id = budgets.brand_id
inner join internal.periods as periods on budgets.period = periods.period;

-- name: exceeded_periods
-- One row per budget and due period in which more than it was spent: that budget, and the newest batch that was counted
-- when the period was decided as a whole (null: not yet). Reads due_periods and budget_history.
create or replace temp table exceeded_periods as
with summed as (
    -- days and months as they are summed; a week is its days
    select
        *,
        case period when 'WEEK' then 'DAY' else period end as summed_by,
        starts_on + unnest(case period when 'WEEK' then [0, 1, 2, 3, 4, 5, 6] else [0] end) as summed_on
    from due_periods
),

parts as (
    select
        summed.brand_id,
        sums.campaign_id,
        summed.period,
        summed.starts_on,
        summed.ends_on,
        sums.spend
    from summed
    inner join internal.period_spend as sums
        on
            summed.brand_id = sums.brand_id
            and summed.summed_by = sums.period
            and summed.summed_on = sums.starts_on
    union all
    select
        due_periods.brand_id,
        sums.campaign_id,
        due_periods.period,
        due_periods.starts_on,
        due_periods.ends_on,
        sums.spend
    from due_periods
    inner join mart.lifetime_spend as sums on due_periods.brand_id = sums.brand_id
    where due_periods.period = 'LIFETIME'
),

owned as (
    select
        'BRAND' as scope,
        brand_id as id,
        * exclude (campaign_id)
    from parts
    union all
    select
        'CAMPAIGN' as scope,
        campaign_id as id,
        * exclude (campaign_id)
    from parts
    semi join (
        select id from budget_history
        where scope = 'CAMPAIGN'
    ) as own on parts.campaign_id = own.id
),

spent as (
    select
        owned.scope,
        owned.id,
        owned.brand_id,
        owned.period,
        owned.starts_on,
        owned.ends_on,
        sum(owned.spend) as spend
    from owned
    inner join (
        select
            scope,
            id,
            brand_id,
            period,
            min(amount) as least_amount
        from budget_history
        where amount is not null
        group by all
    ) as budgets
        on
            owned.scope = budgets.scope
            and owned.id = budgets.id
            and owned.brand_id = budgets.brand_id
            and owned.period = budgets.period
    group by
        owned.scope,
        owned.id,
        owned.brand_id,
        owned.period,
        owned.starts_on,
        owned.ends_on
    having sum(owned.spend) > any_value(budgets.least_amount)
),

offsets as materialized (
    select *
    from
        core.brand_offsets(
            'infinity'::timestamptz,
            (select min(few.ends_on) - interval 3 days from spent as few),
            (select max(few.ends_on) filter (isfinite(few.ends_on)) + interval 3 days from spent as few)
        )
    semi join spent using (brand_id)
),

endings as (
    select
        ends.brand_id,
        ends.ends_on,
        min(core.begins_in(ends.ends_on, offsets.starts_at, offsets.ends_at, offsets.utc_offset)) as ends_at
    from (
        select distinct
            brand_id,
            ends_on
        from spent
        where isfinite(ends_on)
    ) as ends
    inner join offsets on ends.brand_id = offsets.brand_id and offsets.ends_at > ends.ends_on - interval 2 days
    group by
        ends.brand_id,
        ends.ends_on
),

placed as (
    select
        spent.*,
        coalesce(endings.ends_at, 'infinity'::timestamptz) as ends_at,
        -- of a period that lasts, what holds on the date last decided for
        least(spent.ends_on - 1, greatest(spent.starts_on, coalesce(decided.local_date, spent.ends_on - 1)))
            as budget_date
    from spent
    left join endings on spent.brand_id = endings.brand_id and spent.ends_on = endings.ends_on
    left join mart.brand_budget as decided on spent.brand_id = decided.brand_id
),

budgeted as (
    select
        placed.scope,
        placed.id,
        placed.brand_id,
        placed.period,
        placed.starts_on,
        placed.ends_on,
        placed.spend,
        placed.ends_at,
        arg_max(
            { 'amount': history.amount }, { 'from_on': history.from_on, 'place': history.place }
        ).amount as budget
    from placed
    inner join budget_history as history
        on
            placed.scope = history.scope
            and placed.id = history.id
            and placed.period = history.period
            and placed.ends_at > history.valid_from
            and placed.ends_at <= history.valid_to
            and placed.budget_date >= history.from_on
            and placed.budget_date < history.until_on
    group by all
),

closings as (
    -- decisions are made in order, but for replays
    select
        decided_at,
        min(watermark_batch_id) over (order by decided_at desc) as watermark_batch_id
    from ops.decisions
)

select
    budgeted.* exclude (ends_at),
    closings.watermark_batch_id as closing_batch_id
from budgeted
asof left join closings on budgeted.ends_at <= closings.decided_at
where budgeted.spend > budgeted.budget;

-- name: placed_costs
-- One row per exceeded budget and cost that counts for it: whether it came late, since when the budget of that moment
-- held, and what the last decision before it had found. Reads exceeded_periods and budget_history.
create or replace temp view placed_costs as
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
        costs.transaction_id,
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
        local_costs.transaction_id,
        local_costs.campaign_id,
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
)

select
    costs.*,
    versions.valid_from,
    findings.decided_at,
    coalesce(findings.is_reached, false) as is_stopped
from period_costs as costs
asof left join versions
    on
        costs.scope = versions.scope
        and costs.id = versions.id
        and costs.period = versions.period
        and costs.occurred_at >= versions.valid_from
-- what happened at the very instant decided for had been counted
asof left join findings
    on costs.scope = findings.scope and costs.id = findings.id and costs.occurred_at > findings.decided_at;
