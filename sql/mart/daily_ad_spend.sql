-- One row per ad, cost type and local date: what it spent, with all names. A view over the ledger, as hourly spend is:
-- name a brand or an ad and it answers at once.
create or replace view mart.daily_ad_spend as
with sums as (
    select
        brand_id,
        campaign_id,
        ad_id,
        cost_type,
        local_time::date as local_date,
        sum(amount)::decimal(38, 9) as spend,
        count(*) filter (transaction_type = 'COST') as transactions
    from internal.local_costs
    group by all
)

select
    sums.brand_id,
    brands.brand_name,
    sums.campaign_id,
    campaigns.campaign_name,
    sums.ad_id,
    ads.ad_name,
    sums.cost_type,
    sums.local_date,
    sums.spend,
    sums.transactions,
    brands.currency
from sums
left join mart.brands on sums.brand_id = brands.brand_id
left join mart.campaigns on sums.campaign_id = campaigns.campaign_id and sums.brand_id = campaigns.brand_id
left join mart.ads on sums.ad_id = ads.ad_id and sums.brand_id = ads.brand_id;
comment on view mart.daily_ad_spend is 'One row per ad, cost type and local date: what it spent, with all names.';
comment on column mart.daily_ad_spend.brand_id is 'that paid: of the time of the event';
comment on column mart.daily_ad_spend.campaign_id is 'of the time of the event';
