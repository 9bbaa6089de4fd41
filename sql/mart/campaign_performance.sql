-- One row per campaign and local date: charged events by type, spend, and what is worked out of them.
create or replace view mart.campaign_performance as
with sums as (
    select
        brand_id,
        campaign_id,
        local_date,
        coalesce(sum(transactions) filter (cost_type = 'IMPRESSION'), 0)::bigint as impressions,
        coalesce(sum(transactions) filter (cost_type = 'CLICK'), 0)::bigint as clicks,
        coalesce(sum(transactions) filter (cost_type = 'VIEW'), 0)::bigint as views,
        coalesce(sum(transactions) filter (cost_type = 'ACQUISITION'), 0)::bigint as acquisitions,
        sum(spend)::decimal(38, 9) as spend
    from mart.daily_spend
    group by all
)

select
    sums.brand_id,
    brands.brand_name,
    sums.campaign_id,
    campaigns.campaign_name,
    sums.local_date,
    sums.impressions,
    sums.clicks,
    sums.views,
    sums.acquisitions,
    sums.spend,
    brands.currency,
    round(sums.clicks / nullif(sums.impressions, 0), 6) as click_through_rate,
    round(1000 * (sums.spend / nullif(sums.impressions, 0)), 6) as cost_per_thousand_impressions,
    round(sums.spend / nullif(sums.acquisitions, 0), 6) as cost_per_acquisition
from sums
left join mart.brands on sums.brand_id = brands.brand_id
left join mart.campaigns on sums.campaign_id = campaigns.campaign_id and sums.brand_id = campaigns.brand_id;
comment on view mart.campaign_performance is 'One row per campaign and local date: charged events by type, spend, and what is worked out of them.';
comment on column mart.campaign_performance.impressions is 'charged; what waits for a price or an ad is in core.unpriced';
comment on column mart.campaign_performance.clicks is 'charged';
comment on column mart.campaign_performance.views is 'charged';
comment on column mart.campaign_performance.acquisitions is 'charged';
comment on column mart.campaign_performance.click_through_rate is 'CTR: clicks / impressions, rounded; for several days divide their sums, not these';
comment on column mart.campaign_performance.cost_per_thousand_impressions is 'eCPM: all spend per thousand impressions, rounded';
comment on column mart.campaign_performance.cost_per_acquisition is 'CPA: all spend per acquisition, rounded';
