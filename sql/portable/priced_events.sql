-- One row per event that finds a price: the ad's own cost for that type of event, else the global default, as in force
-- when it happened. Reads events_to_price. Portable: no macro, no insert, nothing that only DuckDB knows but enums.
create or replace temporary view priced_events as
with ad_hierarchy as (
    -- one row per ad and period in which its costs, its campaign and its brand stayed the same
    select
        ads.ad_id,
        ad_sets.campaign_id,
        campaigns.brand_id,
        ads.cost_per_click,
        -- 1,000 impressions cost this; multiplied, since a division would be a float
        cast(ads.cost_per_mille * cast(0.001 as decimal(4, 3)) as decimal(18, 9)) as cost_per_impression,
        ads.cost_per_view,
        ads.cost_per_acquisition,
        ads.valid_from as price_effective_from,
        greatest(ads.valid_from, ad_sets.valid_from, campaigns.valid_from) as starts_at,
        -- least() passes over null, which means "still in force": for ever
        coalesce(
            least(ads.valid_to, ad_sets.valid_to, campaigns.valid_to), cast('9999-12-31 00:00:00+00' as timestamptz)
        ) as ends_at
    from core.ads as ads
    inner join core.ad_sets as ad_sets on ads.ad_set_id = ad_sets.ad_set_id
    inner join core.campaigns as campaigns on ad_sets.campaign_id = campaigns.campaign_id
),

price_lists as (
    select
        effective_from,
        cost_per_click,
        cast(cost_per_mille * cast(0.001 as decimal(4, 3)) as decimal(18, 9)) as cost_per_impression,
        cost_per_view,
        cost_per_acquisition,
        lead(effective_from, 1, cast('9999-12-31 00:00:00+00' as timestamptz)) over (order by effective_from) as ends_at
    from core.global_ad_pricing
    where valid_to is null
),

prices_of_types as (
    -- one row per type of event and period, also of those without a price
    select
        price_lists.effective_from,
        price_lists.ends_at,
        cast(types.event_type as event_type) as event_type,
        case types.event_type
            when 'click' then price_lists.cost_per_click
            when 'impression' then price_lists.cost_per_impression
            when 'view' then price_lists.cost_per_view
            when 'acquisition' then price_lists.cost_per_acquisition
        end as amount
    from price_lists
    cross join (values ('click'), ('impression'), ('view'), ('acquisition')) as types (event_type)
),

global_prices as (
    select *
    from prices_of_types
    where amount is not null
),

priced as (
    select
        events.transaction_id,
        ad_hierarchy.brand_id,
        ad_hierarchy.campaign_id,
        events.ad_id,
        events.event_type,
        events.occurred_at,
        -- typed constants: enums compared as texts would cost a seventh of this statement
        case events.event_type
            when cast('click' as event_type) then ad_hierarchy.cost_per_click
            when cast('impression' as event_type) then ad_hierarchy.cost_per_impression
            when cast('view' as event_type) then ad_hierarchy.cost_per_view
            when cast('acquisition' as event_type) then ad_hierarchy.cost_per_acquisition
        end as own_amount,
        global_prices.amount as global_amount,
        ad_hierarchy.price_effective_from,
        global_prices.effective_from as global_effective_from
    from events_to_price as events
    inner join ad_hierarchy
        on
            events.ad_id = ad_hierarchy.ad_id
            and events.occurred_at >= ad_hierarchy.starts_at
            and events.occurred_at < ad_hierarchy.ends_at
    left join global_prices
        on
            events.event_type = global_prices.event_type
            and events.occurred_at >= global_prices.effective_from
            and events.occurred_at < global_prices.ends_at
)

select
    transaction_id,
    brand_id,
    campaign_id,
    ad_id,
    coalesce(own_amount, global_amount) as amount,
    case event_type
        when cast('click' as event_type) then cast('CLICK' as cost_type)
        when cast('impression' as event_type) then cast('IMPRESSION' as cost_type)
        when cast('view' as event_type) then cast('VIEW' as cost_type)
        when cast('acquisition' as event_type) then cast('ACQUISITION' as cost_type)
    end as cost_type,
    occurred_at,
    case when own_amount is not null then cast('AD' as price_source) else cast('GLOBAL' as price_source) end
        as price_source,
    case when own_amount is not null then price_effective_from else global_effective_from end as price_effective_from
from priced
where own_amount is not null or global_amount is not null;
