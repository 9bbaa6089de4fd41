-- Periods whose overspend is not the spend beyond the budget, or not the sum of its causes, and days and months of
-- brands with another spend than the sums. Those to which nothing was added since they were sealed were found right
-- before, and cannot have changed.
with days as (
    select
        daily_spend.brand_id,
        'DAY' as period,
        daily_spend.local_date as starts_on
    from internal.daily_spend
    semi join mart.overspend -- few are kept in memory, many pass by
        on
            daily_spend.brand_id = overspend.brand_id
            and daily_spend.local_date = overspend.starts_on
            and overspend.period = 'DAY'
            and overspend.scope = 'BRAND'
    group by all
),

months as (
    select
        monthly_spend.brand_id,
        'MONTH' as period,
        monthly_spend.local_month as starts_on
    from internal.monthly_spend
    semi join mart.overspend
        on
            monthly_spend.brand_id = overspend.brand_id
            and monthly_spend.local_month = overspend.starts_on
            and overspend.period = 'MONTH'
            and overspend.scope = 'BRAND'
    group by all
),

periods as (
    from days
    union all
    from months
),

spent as (
    select
        periods.brand_id,
        periods.period,
        periods.starts_on,
        sum(period_spend.spend) as spend
    from periods
    inner join internal.period_spend
        on
            periods.brand_id = period_spend.brand_id
            and periods.period = period_spend.period
            and periods.starts_on = period_spend.starts_on
    group by all
)

select
    overspend.*,
    spent.spend as spend_in_the_mart
from mart.overspend
left join spent using (brand_id, period, starts_on)
where
    (overspend.scope = 'BRAND' and overspend.spend <> spent.spend)
    or overspend.overspend <> overspend.spend - overspend.budget
    or overspend.overspend <> before_decision + after_stop + late + budget_cut
