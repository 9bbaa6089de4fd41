-- One row per brand, campaign, cost type and local hour.
create or replace view mart.hourly_spend as
with sums as (
    select
        brand_id,
        campaign_id,
        cost_type,
        date_trunc('hour', local_time) as local_hour,
        sum(amount)::decimal(38, 9) as spend,
        count(*) filter (transaction_type = 'COST') as transactions
    from internal.local_costs
    group by all
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
comment on view mart.hourly_spend is 'One row per brand, campaign, cost type and local hour.';
comment on column mart.hourly_spend.local_hour is 'start of the hour on the brand''s clock; a repeated hour counts as one';
