-- One row per priced event: the ad's own cost for that type of event, else the global default, as in force when it
-- happened. What finds no ad or no price is left out here and waits in core.unpriced.
insert into hot.transactions
with lineages as (
    -- one row per ad and period in which its costs, its campaign and its brand stayed the same
    select
        ads.ad_id,
        ad_sets.campaign_id,
        campaigns.brand_id,
        ads.cost_per_click,
        -- 1,000 impressions cost this; multiplied, since a division would be a float
        (ads.cost_per_mille * 0.001::decimal(4, 3))::decimal(18, 9) as cost_per_impression,
        ads.cost_per_view,
        ads.cost_per_acquisition,
        ads.valid_from as price_effective_from,
        greatest(ads.valid_from, ad_sets.valid_from, campaigns.valid_from) as starts_at,
        -- least() passes over null, which means "still in force"
        coalesce(least(ads.valid_to, ad_sets.valid_to, campaigns.valid_to), 'infinity'::timestamptz) as ends_at
    from core.ads
    inner join core.ad_sets on ads.ad_set_id = ad_sets.ad_set_id
    inner join core.campaigns on ad_sets.campaign_id = campaigns.campaign_id
),

price_lists as (
    select
        *,
        lead(effective_from, 1, 'infinity'::timestamptz) over (order by effective_from) as ends_at
    from core.global_ad_pricing
    where valid_to is null
),

global_prices as (
    -- one row per type of event and period
    unpivot (
        select
            effective_from,
            ends_at,
            cost_per_click as click,
            (cost_per_mille * 0.001::decimal(4, 3))::decimal(18, 9) as impression,
            cost_per_view as view,
            cost_per_acquisition as acquisition
        from price_lists
    ) on click, impression, view, acquisition into name event_type value amount
),

priced as (
    select
        event.transaction_id,
        lineages.brand_id,
        lineages.campaign_id,
        event.ad_id,
        event.event_type,
        event.occurred_at,
        -- typed constants: enums compared as texts would cost a seventh of this statement
        case event.event_type
            when 'click'::event_type then lineages.cost_per_click
            when 'impression'::event_type then lineages.cost_per_impression
            when 'view'::event_type then lineages.cost_per_view
            when 'acquisition'::event_type then lineages.cost_per_acquisition
        end as own_amount,
        global_prices.amount as global_amount,
        lineages.price_effective_from,
        global_prices.effective_from as global_effective_from
    from core.to_price($done_through::bigint) as event
    inner join lineages
        on
            event.ad_id = lineages.ad_id
            and event.occurred_at >= lineages.starts_at
            and event.occurred_at < lineages.ends_at
    left join global_prices
        on
            event.event_type = global_prices.event_type::event_type
            and event.occurred_at >= global_prices.effective_from
            and event.occurred_at < global_prices.ends_at
)

select
    transaction_id,
    brand_id,
    campaign_id,
    ad_id,
    coalesce(own_amount, global_amount) as amount,
    'COST' as transaction_type,
    case event_type
        when 'click'::event_type then 'CLICK'::cost_type
        when 'impression'::event_type then 'IMPRESSION'::cost_type
        when 'view'::event_type then 'VIEW'::cost_type
        when 'acquisition'::event_type then 'ACQUISITION'::cost_type
    end as cost_type,
    occurred_at,
    $recorded_at::timestamptz as recorded_at,
    case when own_amount is not null then 'AD'::price_source else 'GLOBAL'::price_source end as price_source,
    case when own_amount is not null then price_effective_from else global_effective_from end as price_effective_from,
    $batch_id as batch_id
from priced
where own_amount is not null or global_amount is not null
