-- What analysts read.
create schema if not exists mart;

-- a sealed day and what was added to it since are one row
create or replace view mart.daily_spend as
with of_sealed_days as (
    from hot.daily_spend
    where local_date < sealed.daily_spend_through()
    union all
    select * replace (cost_type::cost_type as cost_type)
    from sealed.daily_spend()
)

from hot.daily_spend
where local_date >= sealed.daily_spend_through()
union all
select
    brand_id,
    campaign_id,
    cost_type,
    local_date,
    sum(spend)::decimal(38, 9) as spend,
    sum(transactions)::bigint as transactions
from of_sealed_days
group by brand_id, campaign_id, cost_type, local_date
having sum(transactions) <> 0;
comment on view mart.daily_spend is 'One row per brand, campaign, cost type and local date.';

-- likewise
create or replace view mart.monthly_spend as
with of_sealed_months as (
    from hot.monthly_spend
    where local_month < sealed.monthly_spend_through()
    union all
    select * replace (cost_type::cost_type as cost_type)
    from sealed.monthly_spend()
)

from hot.monthly_spend
where local_month >= sealed.monthly_spend_through()
union all
select
    brand_id,
    campaign_id,
    cost_type,
    local_month,
    sum(spend)::decimal(38, 9) as spend,
    sum(transactions)::bigint as transactions
from of_sealed_months
group by brand_id, campaign_id, cost_type, local_month
having sum(transactions) <> 0;
comment on view mart.monthly_spend is 'One row per brand, campaign, cost type and local month.';
comment on column mart.monthly_spend.local_month is 'first day of the month';

create table if not exists mart.brand_budget (
    brand_id bigint not null,
    name varchar,
    timezone varchar not null,
    local_date date not null,
    daily_spend decimal(38, 9) not null,
    daily_budget decimal(38, 9),
    monthly_spend decimal(38, 9) not null,
    monthly_budget decimal(38, 9),
    is_active boolean not null,
    decided_at timestamptz not null
);
comment on table mart.brand_budget is 'One row per brand, as of the last decision: spend today and this month beside the budgets.';
comment on column mart.brand_budget.local_date is 'the brand''s own date at decided_at';

create table if not exists mart.restatements (
    brand_id bigint not null,
    local_date date not null,
    spend_before decimal(38, 9) not null,
    spend_after decimal(38, 9) not null,
    recorded_at timestamptz not null,
    batch_id bigint not null
);
comment on table mart.restatements is 'One row per brand, local day that had been decided already, and time at which its spend changed; rows are only ever added.';
comment on column mart.restatements.local_date is 'a day that was over, on the brand''s clock, at the newest decision';
comment on column mart.restatements.spend_before is 'spend of that day as it had been known';
comment on column mart.restatements.spend_after is 'spend of that day as it is known since';
comment on column mart.restatements.recorded_at is 'since when';
comment on column mart.restatements.batch_id is 'the batch that brought what was late, or the new time zone';

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
    budget_cut decimal(38, 9) not null
);
comment on table mart.overspend is 'One row per brand and local day or month in which it spent more than its budget: how much, and why.';
comment on column mart.overspend.period is 'DAY or MONTH';
comment on column mart.overspend.starts_on is 'the local date, or the first one of the month';
comment on column mart.overspend.budget is 'the budget in force at the end of the period, or now while it lasts';
comment on column mart.overspend.overspend is 'spend - budget = before_decision + after_stop + late + budget_cut';
comment on column mart.overspend.before_decision is 'spent over the budget before a decision had found it reached';
comment on column mart.overspend.after_stop is 'spent over the budget while the last decision had found a budget of the brand reached';
comment on column mart.overspend.late is 'spent over the budget, counted only after a decision had been made for the end of the period or later';
comment on column mart.overspend.budget_cut is 'spent within the budget of that moment, over the one that came after it';

create or replace macro mart.costs_as_known(known_at) as table
    select *
    from core.transactions
    where transaction_type = 'COST' and batch_id <= ops.summed_batch(known_at);
comment on macro table mart.costs_as_known is 'Costs that could be seen at a recorded time.'; -- noqa: PRS

create or replace macro mart.brand_spend_as_known(decided_for, known_at, only_brand := null) as table
    with clocks as (
        select
            brands.brand_id,
            brands.timezone,
            brands.daily_budget,
            brands.monthly_budget,
            core.local_time(decided_for::timestamptz, periods.utc_offset)::date as local_date
        from core.brands_in_force(decided_for, known_at) as brands
        inner join core.utc_offsets_as_known(known_at) as periods
            on
                brands.timezone = periods.timezone
                and periods.starts_at <= decided_for
                and periods.ends_at > decided_for
        where only_brand is null or brands.brand_id = only_brand
    ),

    -- the offsets of each brand's month; materialized, since costs joined to all zones first would be 600 times as many
    offsets as materialized (
        select
            clocks.brand_id,
            clocks.local_date,
            periods.starts_at,
            periods.ends_at,
            periods.utc_offset
        from clocks
        inner join core.utc_offsets_as_known(known_at) as periods on clocks.timezone = periods.timezone
        where
            periods.starts_at <= decided_for
            and periods.ends_at > decided_for::timestamptz - interval 32 days
    ),

    spent as (
        select
            offsets.brand_id,
            sum(costs.amount)
            filter (where core.local_time(costs.occurred_at, offsets.utc_offset)::date = offsets.local_date)
                as daily_spend,
            sum(costs.amount) as monthly_spend
        from mart.costs_as_known(known_at) as costs
        inner join offsets
            on
                costs.brand_id = offsets.brand_id
                and costs.occurred_at >= offsets.starts_at
                and costs.occurred_at < offsets.ends_at
        where
            costs.occurred_at <= decided_for
            and costs.occurred_at > decided_for::timestamptz - interval 32 days
            and date_trunc('month', core.local_time(costs.occurred_at, offsets.utc_offset))
            = date_trunc('month', offsets.local_date)
        group by offsets.brand_id
    )

    select
        clocks.brand_id,
        clocks.timezone,
        clocks.local_date,
        coalesce(spent.daily_spend, 0)::decimal(38, 9) as daily_spend,
        clocks.daily_budget,
        coalesce(spent.monthly_spend, 0)::decimal(38, 9) as monthly_spend,
        clocks.monthly_budget
    from clocks
    left join spent on clocks.brand_id = spent.brand_id;
comment on macro table mart.brand_spend_as_known is 'One row per brand: what a decision for an instant sees of it from what could be seen at a recorded time; with only_brand := 5 of one.'; -- noqa: PRS
