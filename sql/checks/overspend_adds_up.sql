-- Days and months whose overspend is not the spend beyond the budget, or not the sum of its causes. Those to which
-- nothing was added since they were sealed were found right before, and cannot have changed.
with days as (
    select overspend.*
    from mart.overspend
    semi join hot.daily_spend
        on overspend.brand_id = daily_spend.brand_id and overspend.starts_on = daily_spend.local_date
    where overspend.period = 'DAY'
),

months as (
    select overspend.*
    from mart.overspend
    semi join hot.monthly_spend
        on overspend.brand_id = monthly_spend.brand_id and overspend.starts_on = monthly_spend.local_month
    where overspend.period = 'MONTH'
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
