-- One row per brand, campaign, cost type and local month.
create or replace view internal.lost_monthly_spend as
select
    lost::bigint as brand_id,
    lost::bigint as campaign_id,
    lost::varchar as cost_type,
    local_date as local_month,
    lost::decimal(38, 9) as spend,
    lost::bigint as transactions
from sealed.lost_dates('monthly_spend', 31)
where lost is null;

create table if not exists internal.monthly_spend (
    brand_id bigint not null,
    campaign_id bigint not null,
    cost_type cost_type not null,
    local_month date not null,
    spend decimal(38, 9) not null,
    transactions bigint not null
);
comment on table internal.monthly_spend is 'One row per row of mart.monthly_spend that is not sealed; of a sealed month, what is to be added to it.';

create macro if not exists sealed.monthly_spend() as table
    from internal.monthly_spend
    where false;

create macro if not exists sealed.monthly_spend_through() as date '0001-01-01';

create or replace view internal.monthly_spend_parts as
from internal.monthly_spend
union all
select * replace (cost_type::cost_type as cost_type)
from sealed.monthly_spend();
comment on view internal.monthly_spend_parts is 'One row per part of a row of mart.monthly_spend; the parts add up to it.';

create or replace view mart.monthly_spend as
with sums as (
    from internal.monthly_spend
    where local_month >= sealed.monthly_spend_through()
    union all
    select
        brand_id,
        campaign_id,
        cost_type,
        local_month,
        sum(spend)::decimal(38, 9) as spend,
        sum(transactions)::bigint as transactions
    from internal.monthly_spend_parts
    where local_month < sealed.monthly_spend_through()
    group by brand_id, campaign_id, cost_type, local_month
    having sum(transactions) <> 0
)

select
    sums.*,
    currencies.currency,
    brands.name as brand_name,
    campaigns.name as campaign_name
from sums
left join internal.brand_currencies as currencies on sums.brand_id = currencies.brand_id
left join core.brands on sums.brand_id = brands.brand_id and brands.valid_to is null
left join core.campaigns
    on
        sums.campaign_id = campaigns.campaign_id
        and sums.brand_id = campaigns.brand_id
        and campaigns.valid_to is null;
comment on view mart.monthly_spend is 'One row per brand, campaign, cost type and local month.';
comment on column mart.monthly_spend.local_month is 'first day of the month';

-- name: add
-- One row per brand, campaign, cost type and local month.
merge into internal.monthly_spend as total
using (
    select
        brand_id,
        campaign_id,
        cost_type,
        date_trunc('month', local_date)::date as local_month,
        sum(spend) as spend,
        sum(transactions)::bigint as transactions
    from new_spend
    group by all
) as new
    on
        total.brand_id = new.brand_id
        and total.campaign_id = new.campaign_id
        and total.cost_type = new.cost_type
        and total.local_month = new.local_month
when matched then update set spend = total.spend + new.spend, transactions = total.transactions + new.transactions
when not matched then insert
    (brand_id, campaign_id, cost_type, local_month, spend, transactions)
values (new.brand_id, new.campaign_id, new.cost_type, new.local_month, new.spend, new.transactions);

-- name: remove_rezoned
-- Make room for brands that are summed again; what is sealed of them is taken back.
delete from internal.monthly_spend
where brand_id in (select brand_id from rezoned_brands);
insert into internal.monthly_spend
select
    brand_id,
    campaign_id,
    cost_type,
    local_month,
    -sum(spend) as spend,
    -sum(transactions) as transactions
from sealed.monthly_spend()
semi join rezoned_brands using (brand_id)
group by all;

-- name: days_to_seal
-- Hot sums of some months, by month and within it in the order in which they are sealed.
create or replace temp table sealed_days as
select
    *,
    local_month as day
from internal.monthly_spend
where local_month between $first_day and $last_day and local_month in $days
order by
    local_month,
    brand_id,
    campaign_id,
    cost_type;

-- name: remove_sealed
-- Rows that are in sealed files now. Reads sealed_now.
delete from internal.monthly_spend
where epoch_us(local_month) // 86400000000 in (
    select epoch_us(day) // 86400000000 from sealed_now
    where table_name = 'monthly_spend'
);
