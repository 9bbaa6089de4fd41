-- Days and months whose overspend is not the spend beyond the budget, or not the sum of its causes.
with spent as (
    select
        overspend.brand_id,
        overspend.period,
        overspend.starts_on,
        sum(daily_spend.spend) as spend
    from mart.overspend
    inner join mart.daily_spend
        on overspend.brand_id = daily_spend.brand_id and overspend.starts_on = daily_spend.local_date
    where overspend.period = 'DAY'
    group by all
    union all
    select
        overspend.brand_id,
        overspend.period,
        overspend.starts_on,
        sum(monthly_spend.spend) as spend
    from mart.overspend
    inner join mart.monthly_spend
        on overspend.brand_id = monthly_spend.brand_id and overspend.starts_on = monthly_spend.local_month
    where overspend.period = 'MONTH'
    group by all
)

select
    overspend.*,
    spent.spend as spend_in_the_mart
from mart.overspend
left join spent using (brand_id, period, starts_on)
where
    overspend.spend is distinct from spent.spend
    or overspend.overspend <> overspend.spend - overspend.budget
    or overspend.overspend <> before_decision + after_stop + late + budget_cut
