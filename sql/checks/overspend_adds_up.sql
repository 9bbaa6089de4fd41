-- Days and months whose overspend is not the spend beyond the budget, or not the sum of its causes. Those to which
-- nothing was added since they were sealed were found right before, and cannot have changed.
with days as (
    select
        daily_spend.brand_id,
        'DAY' as period,
        daily_spend.local_date as starts_on
    from hot.daily_spend
    semi join mart.overspend -- few are kept in memory, many pass by
        on
            daily_spend.brand_id = overspend.brand_id
            and daily_spend.local_date = overspend.starts_on
            and overspend.period = 'DAY'
    group by all
),

months as (
    select
        monthly_spend.brand_id,
        'MONTH' as period,
        monthly_spend.local_month as starts_on
    from hot.monthly_spend
    semi join mart.overspend
        on
            monthly_spend.brand_id = overspend.brand_id
            and monthly_spend.local_month = overspend.starts_on
            and overspend.period = 'MONTH'
    group by all
),

spent as (
    select
        days.brand_id,
        days.period,
        days.starts_on,
        sum(daily_spend.spend) as spend
    from days
    inner join mart.daily_spend_parts as daily_spend
        on days.brand_id = daily_spend.brand_id and days.starts_on = daily_spend.local_date
    group by all
    union all
    select
        months.brand_id,
        months.period,
        months.starts_on,
        sum(monthly_spend.spend) as spend
    from months
    inner join mart.monthly_spend_parts as monthly_spend
        on months.brand_id = monthly_spend.brand_id and months.starts_on = monthly_spend.local_month
    group by all
)

select
    overspend.*,
    spent.spend as spend_in_the_mart
from mart.overspend
left join spent using (brand_id, period, starts_on)
where
    overspend.spend <> spent.spend
    or overspend.overspend <> overspend.spend - overspend.budget
    or overspend.overspend <> before_decision + after_stop + late + budget_cut
