-- One row per price that events were charged with, of an ad or of the price list: what it brought, and what the same
-- events would have cost at the price before it.
create or replace view mart.price_effect as
with charged as (
    select
        price_source,
        case when price_source = 'AD' then ad_id end as ad_id,
        cost_type,
        price_effective_from,
        amount as price,
        brand_id,
        count(*) as events
    from core.transactions
    where transaction_type = 'COST' and batch_id <= ops.summed_batch('infinity'::timestamptz)
    group by all
),

prices as (
    -- the price before it that anybody was charged with: a price list is one for all brands
    select
        price_source,
        ad_id,
        cost_type,
        price_effective_from,
        price,
        lag(price) over (
            partition by price_source, ad_id, cost_type
            order by price_effective_from, price
        ) as price_before
    from (select distinct * exclude (brand_id, events) from charged) as distinct_prices
)

select
    charged.brand_id,
    brands.brand_name,
    charged.price_source,
    charged.ad_id,
    ads.ad_name,
    charged.cost_type,
    charged.price_effective_from,
    prices.price_before,
    charged.price,
    charged.events,
    (charged.events * charged.price)::decimal(38, 9) as costs,
    (charged.events * prices.price_before)::decimal(38, 9) as costs_at_price_before,
    (charged.events * (charged.price - prices.price_before))::decimal(38, 9) as effect,
    brands.currency
from charged
left join prices
    on
        charged.price_source = prices.price_source
        and charged.ad_id is not distinct from prices.ad_id
        and charged.cost_type = prices.cost_type
        and charged.price_effective_from = prices.price_effective_from
        and charged.price = prices.price
left join mart.brands on charged.brand_id = brands.brand_id
left join mart.ads on charged.ad_id = ads.ad_id and charged.brand_id = ads.brand_id;
comment on view mart.price_effect is 'One row per brand and price that its events were charged with: what they cost, and would have cost at the price before it.';
comment on column mart.price_effect.ad_id is 'whose own price it is; null: the price list''s';
comment on column mart.price_effect.price_effective_from is 'since when the price holds';
comment on column mart.price_effect.price_before is 'the price charged before it, of the same ad or list and type; null: it is the first';
comment on column mart.price_effect.price is 'of one event';
comment on column mart.price_effect.events is 'how many were charged with it';
comment on column mart.price_effect.costs is 'events * price, before corrections';
comment on column mart.price_effect.costs_at_price_before is 'events * price_before';
comment on column mart.price_effect.effect is 'costs - costs_at_price_before: above zero, the change made them dearer';
