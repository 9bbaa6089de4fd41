-- One row per ad and type of event: its brand, campaign, time zone and price. The generated world has one price list.
create table lineages as
select
    ads.ad_id,
    prices.event_type,
    campaigns.brand_id,
    campaigns.campaign_id,
    brands.timezone,
    coalesce(prices.own, prices.fallback) as amount,
    prices.own is not null as is_own,
    prices.effective_from
from ads
inner join ad_sets using (ad_set_id)
inner join campaigns using (campaign_id)
inner join brands using (brand_id)
inner join (
    select
        ads.ad_id,
        types.event_type,
        case types.event_type
            when 'click' then ads.cost_per_click
            when 'impression' then (ads.cost_per_mille * 0.001::decimal(4, 3))::decimal(18, 9)
            when 'view' then ads.cost_per_view
            when 'acquisition' then ads.cost_per_acquisition
        end as own,
        case types.event_type
            when 'click' then list.cost_per_click
            when 'impression' then (list.cost_per_mille * 0.001::decimal(4, 3))::decimal(18, 9)
            when 'view' then list.cost_per_view
            when 'acquisition' then list.cost_per_acquisition
        end as fallback,
        list.effective_from
    from ads
    cross join global_ad_pricing as list
    cross join (select unnest(['click', 'impression', 'view', 'acquisition']) as event_type) as types
) as prices on ads.ad_id = prices.ad_id
