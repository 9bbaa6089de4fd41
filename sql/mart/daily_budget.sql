-- One row per daily budget, of a brand or of a campaign, and local date on which something was spent: the budget that
-- held that day beside the spend.
--
-- The budget is the one in force when the day ended, or now while it lasts, as it is held against the spend for
-- mart.overspend.
create or replace view mart.daily_budget as
with owners as (
    select
        'BRAND' as scope,
        brand_id as id,
        brand_id
    from mart.brands
    union all
    select
        'CAMPAIGN' as scope,
        campaigns.campaign_id as id,
        campaigns.brand_id
    from mart.campaigns
    semi join
        core.budgets
        on budgets.scope = 'CAMPAIGN' and budgets.period = 'DAY' and campaigns.campaign_id = budgets.id
),

versions as (
    select
        'BRAND' as scope,
        brand_id as id,
        daily_budget as amount,
        null::date as effective_from,
        null::date as effective_to,
        0 as place,
        valid_from,
        valid_to
    from core.brands
    union all
    select
        scope,
        id,
        amount,
        effective_from,
        effective_to,
        1 as place,
        valid_from,
        valid_to
    from core.budgets
    where period = 'DAY'
),

spent as (
    select
        brand_id,
        campaign_id,
        local_date,
        sum(spend) as spend,
        sum(transactions) as transactions
    from mart.daily_spend
    group by all
),

days as (
    select
        owners.scope,
        owners.id,
        owners.brand_id,
        spent.local_date,
        sum(spent.spend)::decimal(38, 9) as spend,
        sum(spent.transactions)::bigint as transactions
    from spent
    inner join owners
        on
            spent.brand_id = owners.brand_id
            and (owners.scope = 'BRAND' or spent.campaign_id = owners.id)
    group by all
),

offsets as (
    from
        core.brand_offsets(
            'infinity'::timestamptz,
            (select min(local_date) - interval 2 days from days),
            (select max(local_date) + interval 3 days from days)
        )
),

endings as (
    select
        dates.brand_id,
        dates.local_date,
        min(core.begins_in(dates.local_date + 1, offsets.starts_at, offsets.ends_at, offsets.utc_offset)) as ends_at
    from (
        select distinct
            brand_id,
            local_date
        from days
    ) as dates
    inner join offsets
        on
            dates.brand_id = offsets.brand_id
            and offsets.ends_at > dates.local_date - interval 1 day
            and offsets.starts_at < dates.local_date + interval 3 days
    group by
        dates.brand_id,
        dates.local_date
),

-- a day that lasts is held against what is in force now
instants as (
    select
        endings.brand_id,
        endings.local_date,
        least(endings.ends_at, newest.decided_at + interval 1 microsecond) as ends_at
    from endings
    cross join (select coalesce(max(decided_at), 'infinity'::timestamptz) as decided_at from ops.decisions) as newest
),

budgeted as (
    select
        days.*,
        arg_max(
            { 'amount': versions.amount },
            { 'from_on': coalesce(versions.effective_from, '-infinity'::date), 'place': versions.place }
        ).amount as budget
    from days
    inner join instants using (brand_id, local_date)
    left join versions
        on
            days.scope = versions.scope
            and days.id = versions.id
            and instants.ends_at > versions.valid_from
            and coalesce(instants.ends_at <= versions.valid_to, true)
            and coalesce(days.local_date >= versions.effective_from, true)
            and coalesce(days.local_date <= versions.effective_to, true)
    group by all
)

select
    budgeted.brand_id,
    brands.brand_name,
    case when budgeted.scope = 'CAMPAIGN' then budgeted.id end as campaign_id,
    campaigns.campaign_name,
    budgeted.local_date,
    budgeted.spend,
    budgeted.budget,
    budgeted.budget - budgeted.spend as remaining,
    round(100 * (budgeted.spend / nullif(budgeted.budget, 0)), 1) as percent,
    budgeted.transactions,
    brands.currency
from budgeted
left join mart.brands on budgeted.brand_id = brands.brand_id
-- as one expression it is found by its hash: over 10,000 brands 3.6 s instead of 11.6 s
left join mart.campaigns on case when budgeted.scope = 'CAMPAIGN' then budgeted.id end = campaigns.campaign_id
where budgeted.scope = 'BRAND' or budgeted.budget is not null;
comment on view mart.daily_budget is 'One row per daily budget, of a brand or of a campaign, and local date with spend: the budget that held that day beside the spend.';
comment on column mart.daily_budget.campaign_id is 'whose own budget it is; null: the brand''s';
comment on column mart.daily_budget.budget is 'in force when the day ended, or now while it lasts; null: no limit';
comment on column mart.daily_budget.remaining is 'budget - spend; below zero: overspent';
comment on column mart.daily_budget.percent is 'share of the budget that is spent, rounded; null: no budget, or one of 0';
