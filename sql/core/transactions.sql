-- One row per priced event or payment; rows are only ever added.
create or replace view sealed.lost_transactions as
select
    lost::bigint as transaction_id,
    lost::bigint as brand_id,
    lost::bigint as campaign_id,
    lost::bigint as ad_id,
    lost::decimal(18, 9) as amount,
    lost::varchar as transaction_type,
    lost::varchar as cost_type,
    second_at as occurred_at,
    lost::timestamptz as recorded_at,
    lost::varchar as price_source,
    lost::timestamptz as price_effective_from,
    lost::bigint as batch_id
from sealed.lost_seconds('transactions')
where lost is null;

create table if not exists hot.transactions (
    transaction_id bigint not null,
    brand_id bigint not null,
    campaign_id bigint,
    ad_id bigint,
    amount decimal(18, 9) not null,
    transaction_type transaction_type not null,
    cost_type cost_type,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    price_source price_source,
    price_effective_from timestamptz,
    batch_id bigint not null
);
comment on table hot.transactions is 'One row per row of core.transactions that is not sealed.';

create macro if not exists sealed.transactions() as table
    from hot.transactions
    where false;

create or replace view core.transactions as
from hot.transactions
union all
select
    * replace (
        transaction_type::transaction_type as transaction_type,
        cost_type::cost_type as cost_type,
        price_source::price_source as price_source
    )
from sealed.transactions();
comment on view core.transactions is 'One row per priced event or payment; rows are only ever added.';
comment on column core.transactions.transaction_id is 'file_id * 10^10 + line number of the event or payment';
comment on column core.transactions.amount is 'cost or payment, exact; spend is the sum of COST';
comment on column core.transactions.occurred_at is 'when the event happened';
comment on column core.transactions.recorded_at is 'when it was charged here';
comment on column core.transactions.price_source is 'AD: the ad''s own cost; GLOBAL: the default price list; null for payments';
comment on column core.transactions.price_effective_from is 'since when the price used holds';
comment on column core.transactions.batch_id is 'the run that charged it';

-- name: charge
-- One row per priced event: the ad's own cost for that type of event, else the global default, as in force when it
-- happened. What finds no ad or no price is left out here and waits in core.unpriced.
insert into hot.transactions
with ad_hierarchy as (
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
        ad_hierarchy.brand_id,
        ad_hierarchy.campaign_id,
        event.ad_id,
        event.event_type,
        event.occurred_at,
        -- typed constants: enums compared as texts would cost a seventh of this statement
        case event.event_type
            when 'click'::event_type then ad_hierarchy.cost_per_click
            when 'impression'::event_type then ad_hierarchy.cost_per_impression
            when 'view'::event_type then ad_hierarchy.cost_per_view
            when 'acquisition'::event_type then ad_hierarchy.cost_per_acquisition
        end as own_amount,
        global_prices.amount as global_amount,
        ad_hierarchy.price_effective_from,
        global_prices.effective_from as global_effective_from
    from core.to_price($done_through::bigint) as event
    inner join ad_hierarchy
        on
            event.ad_id = ad_hierarchy.ad_id
            and event.occurred_at >= ad_hierarchy.starts_at
            and event.occurred_at < ad_hierarchy.ends_at
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
where own_amount is not null or global_amount is not null;

-- name: book_payments
-- One row per payment whose brand is known.
insert into hot.transactions
select
    payment.transaction_id,
    payment.brand_id,
    null as campaign_id,
    null as ad_id,
    payment.amount,
    'PAYMENT' as transaction_type,
    null as cost_type,
    payment.occurred_at,
    $recorded_at::timestamptz as recorded_at,
    null as price_source,
    null as price_effective_from,
    $batch_id as batch_id
from core.payments_to_book($done_through::bigint) as payment
semi join core.brands using (brand_id);

-- name: days_to_seal
-- Hot transactions of some days, by day and within it in the order in which they are sealed.
create or replace temp table sealed_days as
select
    *,
    make_timestamp((epoch_us(occurred_at) // 86400000000) * 86400000000)::date as day
from hot.transactions
where
    occurred_at >= make_timestamptz(epoch_us($first_day::date))
    and occurred_at < make_timestamptz(epoch_us($last_day::date + 1))
    and day in $days
order by
    day,
    brand_id, -- analysts ask for a brand: only its row groups are read
    occurred_at,
    transaction_id;

-- name: remove_sealed
-- Rows that are in sealed files now. Reads sealed_now.
delete from hot.transactions
where epoch_us(occurred_at) // 86400000000 in (
    select epoch_us(day) // 86400000000 from sealed_now
    where table_name = 'transactions'
);
