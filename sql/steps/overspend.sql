-- Which periods of budgets were gone beyond.

-- name: budget_history
-- One row per version of a row that set a budget of a day or longer: when it was in force, and on which local dates it
-- holds, the last one exclusive.
create or replace temp table budget_history as
with owned as (
    select
        'BRAND' as scope,
        brand_id as id,
        brand_id,
        'DAY' as period,
        daily_budget as amount,
        null::date as effective_from,
        null::date as effective_to,
        0 as place,
        valid_from,
        valid_to
    from core.brands
    union all
    select
        'BRAND' as scope,
        brand_id as id,
        brand_id,
        'MONTH' as period,
        monthly_budget as amount,
        null as effective_from,
        null as effective_to,
        0 as place,
        valid_from,
        valid_to
    from core.brands
    union all
    select
        budgets.scope,
        budgets.id,
        coalesce(campaigns.brand_id, budgets.id) as brand_id,
        budgets.period,
        budgets.amount,
        budgets.effective_from,
        budgets.effective_to,
        1 as place,
        budgets.valid_from,
        budgets.valid_to
    from core.budgets
    left join core.campaigns_in_force('infinity'::timestamptz, 'infinity'::timestamptz) as campaigns
        on budgets.scope = 'CAMPAIGN' and budgets.id = campaigns.campaign_id
    where budgets.period <> 'HOUR'
)

select
    owned.* exclude (effective_from, effective_to, valid_to),
    coalesce(owned.effective_from, '-infinity'::date) as from_on,
    case when owned.effective_to is null then 'infinity'::date else owned.effective_to + 1 end as until_on,
    coalesce(owned.valid_to, 'infinity'::timestamptz) as valid_to
from owned
semi join ops.overspend_due using (brand_id);

-- name: due_periods
-- One row per budget of a day or longer, and period of it whose overspend is due; all time begins in 2000. Reads
-- budget_history.
create or replace temp table due_periods as
with budgets as (
    select
        scope,
        id,
        period,
        any_value(brand_id) as brand_id,
        min(amount) as least_amount
    from budget_history
    where amount is not null
    group by
        scope,
        id,
        period
)

select distinct
    budgets.scope,
    budgets.id,
    budgets.brand_id,
    budgets.period,
    coalesce(date_trunc(periods.unit, due.local_date)::date, '2000-01-01'::date) as starts_on,
    coalesce((date_trunc(periods.unit, due.local_date) + periods.length)::date, 'infinity'::date) as ends_on,
    budgets.least_amount
from ops.overspend_due as due
inner join budgets on due.brand_id = budgets.brand_id
inner join core.periods as periods on budgets.period = periods.period;

-- name: exceeded_periods
-- One row per due period in which more than its budget was spent: that budget, and the newest batch that was counted
-- when the period was decided as a whole (null: not yet). Reads due_periods and budget_history.
create or replace temp table exceeded_periods as
with parts as (
    select
        due_periods.scope,
        due_periods.id,
        due_periods.period,
        due_periods.starts_on,
        sums.spend
    from due_periods
    inner join mart.daily_spend_parts as sums
        on
            due_periods.brand_id = sums.brand_id
            and due_periods.starts_on = sums.local_date
            and (due_periods.scope = 'BRAND' or due_periods.id = sums.campaign_id)
    where due_periods.period = 'DAY'
    union all
    select
        weeks.scope,
        weeks.id,
        weeks.period,
        weeks.starts_on,
        sums.spend
    from (
        select
            *,
            starts_on + unnest([0, 1, 2, 3, 4, 5, 6]) as local_date
        from due_periods
        where period = 'WEEK'
    ) as weeks
    inner join mart.daily_spend_parts as sums
        on
            weeks.brand_id = sums.brand_id
            and weeks.local_date = sums.local_date
            and (weeks.scope = 'BRAND' or weeks.id = sums.campaign_id)
    union all
    select
        due_periods.scope,
        due_periods.id,
        due_periods.period,
        due_periods.starts_on,
        sums.spend
    from due_periods
    inner join mart.monthly_spend_parts as sums
        on
            due_periods.brand_id = sums.brand_id
            and due_periods.starts_on = sums.local_month
            and (due_periods.scope = 'BRAND' or due_periods.id = sums.campaign_id)
    where due_periods.period = 'MONTH'
    union all
    select
        due_periods.scope,
        due_periods.id,
        due_periods.period,
        due_periods.starts_on,
        sums.spend
    from due_periods
    inner join mart.lifetime_spend as sums
        on
            due_periods.brand_id = sums.brand_id
            and (due_periods.scope = 'BRAND' or due_periods.id = sums.campaign_id)
    where due_periods.period = 'LIFETIME'
),

spent as (
    select
        due_periods.*,
        sums.spend
    from due_periods
    inner join (
        select
            scope,
            id,
            period,
            starts_on,
            sum(spend) as spend
        from parts
        group by
            scope,
            id,
            period,
            starts_on
    ) as sums using (scope, id, period, starts_on)
    where sums.spend > due_periods.least_amount
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
