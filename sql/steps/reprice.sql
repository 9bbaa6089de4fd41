-- What another price list would have charged.

-- name: by_month
-- One row per brand and local month: what its events were charged, and would have been by `new_prices`, a price list as
-- it is delivered. An ad's own price stays; an event whose type the other list does not sell would not be charged.
with price_lists as (
    select
        effective_from,
        unnest(
            [
                { 'cost_type': 'CLICK', 'amount': cost_per_click },
                -- multiplied, as when it is charged: a division would be a float
                { 'cost_type': 'IMPRESSION', 'amount': (cost_per_mille * 0.001::decimal(4, 3))::decimal(18, 9) },
                { 'cost_type': 'VIEW', 'amount': cost_per_view },
                { 'cost_type': 'ACQUISITION', 'amount': cost_per_acquisition }
            ]
        ) as price
    from new_prices
),

prices as (
    select
        effective_from,
        price.cost_type,
        price.amount
    from price_lists
),

costs as (
    select
        brand_id,
        cost_type::varchar as cost_type,
        date_trunc('month', local_time)::date as local_month,
        price_source,
        occurred_at,
        amount
    from internal.local_costs
    where
        transaction_type = 'COST'
        and coalesce(local_time >= $first_day::date, true)
        and coalesce(local_time < $last_day::date + 1, true)
),

repriced as (
    select
        costs.*,
        case when costs.price_source = 'AD' then costs.amount else prices.amount end as new_amount
    from costs
    asof left join prices
        on costs.cost_type = prices.cost_type and costs.occurred_at >= prices.effective_from
)

select
    repriced.brand_id,
    brands.brand_name,
    repriced.local_month,
    count(*) as events,
    sum(repriced.amount)::decimal(38, 9) as charged,
    coalesce(sum(repriced.new_amount), 0)::decimal(38, 9) as would_be_charged,
    (coalesce(sum(repriced.new_amount), 0) - sum(repriced.amount))::decimal(38, 9) as difference,
    count(*) filter (repriced.new_amount is null) as events_without_price,
    brands.currency
from repriced
left join mart.brands on repriced.brand_id = brands.brand_id
group by
    repriced.brand_id,
    brands.brand_name,
    brands.currency,
    repriced.local_month
order by
    repriced.brand_id,
    repriced.local_month;

-- name: refused
-- One row per row of the price list that would be refused: its line and why. Reads validated_rows.
select
    line_number,
    reason
from validated_rows
where reason is not null
order by line_number;

-- name: price_list
-- One row per price list in the file. Reads validated_rows.
select
    effective_from,
    cost_per_click,
    cost_per_mille,
    cost_per_view,
    cost_per_acquisition
from validated_rows
order by effective_from;
