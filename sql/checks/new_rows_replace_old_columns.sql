-- Campaigns and brands whose own columns count no more, since rows of dayparting or budgets say otherwise.
select
    'campaigns' as table_name,
    campaigns.campaign_id as id,
    format(
        'allowed_start {} and allowed_end {} are passed over: its rows of dayparting hold',
        campaigns.allowed_start,
        campaigns.allowed_end
    ) as why
from core.campaigns_in_force('infinity'::timestamptz, 'infinity'::timestamptz) as campaigns
semi join core.dayparting_in_force('infinity'::timestamptz, 'infinity'::timestamptz) as dayparting using (campaign_id)
where campaigns.allowed_start is not null
union all
select
    'brands' as table_name,
    brands.brand_id as id,
    format('{}_budget is passed over: the row {} of budgets holds', owned.column_name, budgets.budget) as why
from core.brands_in_force('infinity'::timestamptz, 'infinity'::timestamptz) as brands
cross join (values ('daily', 'DAY'), ('monthly', 'MONTH')) as owned (column_name, period)
inner join core.budgets_in_force('infinity'::timestamptz, 'infinity'::timestamptz) as budgets
    on
        budgets.scope = 'BRAND'
        and brands.brand_id = budgets.id
        and owned.period = budgets.period
        and budgets.effective_from is null
where case owned.period when 'DAY' then brands.daily_budget else brands.monthly_budget end is not null
order by
    table_name,
    id
