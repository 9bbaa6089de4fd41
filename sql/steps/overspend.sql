-- Which days and months of brands went beyond a budget.

-- name: due_periods
-- One row per brand and local day or month whose overspend is due.
create or replace temp table due_periods as
select
    brand_id,
    'DAY' as period,
    local_date as starts_on,
    local_date + 1 as ends_on
from ops.overspend_due
union
select
    brand_id,
    'MONTH' as period,
    date_trunc('month', local_date)::date as starts_on,
    (date_trunc('month', local_date) + interval 1 month)::date as ends_on
from ops.overspend_due;

-- name: exceeded_periods
-- One row per due day or month in which the brand spent more than its budget: that budget, and the newest batch that
-- was counted when the period was decided as a whole (null: not yet). Reads due_periods.
create or replace temp table exceeded_periods as
with spent as (
    select
        due_periods.*,
        sum(period_spend.spend) as spend
    from due_periods
    inner join mart.period_spend
        on
            due_periods.brand_id = period_spend.brand_id
            and due_periods.period = period_spend.period
            and due_periods.starts_on = period_spend.starts_on
    group by all
),

zoned as (
    select
        spent.*,
        brands.timezone
    from spent
    inner join core.brands on spent.brand_id = brands.brand_id and brands.valid_to is null
),

endings as (
    select
        zones.timezone,
        zones.ends_on,
        min(core.begins_in(zones.ends_on, periods.starts_at, periods.ends_at, periods.utc_offset)) as ends_at
    from (select distinct
        timezone,
        ends_on
    from zoned) as zones
    inner join core.utc_offsets as periods
        on
            zones.timezone = periods.timezone
            and periods.starts_at < zones.ends_on + interval 2 days
            and periods.ends_at > zones.ends_on - interval 2 days
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
    zoned.brand_id,
    zoned.timezone,
    zoned.period,
    zoned.starts_on,
    zoned.ends_on,
    zoned.spend,
    case zoned.period when 'DAY' then brands.daily_budget else brands.monthly_budget end as budget,
    closings.watermark_batch_id as closing_batch_id
from zoned
inner join endings using (timezone, ends_on)
inner join core.brands
    on
        zoned.brand_id = brands.brand_id
        and endings.ends_at > brands.valid_from
        and coalesce(brands.valid_to, 'infinity'::timestamptz) >= endings.ends_at
asof left join closings on endings.ends_at <= closings.decided_at
where zoned.spend > budget;
