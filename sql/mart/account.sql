-- One row per brand and local month, from the first one with a transaction to the last.
create or replace view mart.account as
with costs as (
    select
        brand_id,
        local_month,
        sum(spend) as spend
    from internal.monthly_spend_parts
    group by all
),

movements as (
    select
        brand_id,
        occurred_at,
        amount as correction,
        0 as payment
    from core.corrections
    where amount <> 0 and batch_id <= ops.summed_batch('infinity'::timestamptz)
    union all
    select
        brand_id,
        occurred_at,
        0 as correction,
        amount as payment
    from mart.payments_as_known('infinity'::timestamptz)
),

offsets as (
    from
        core.brand_offsets(
            ops.summed_at(),
            (select min(occurred_at) from movements),
            (select max(occurred_at) from movements)
        )
),

moved as (
    select
        movements.brand_id,
        date_trunc('month', core.local_time(movements.occurred_at, offsets.utc_offset))::date as local_month,
        sum(movements.correction) as corrections,
        sum(movements.payment) as payments
    from movements
    inner join offsets
        on
            movements.brand_id = offsets.brand_id
            and movements.occurred_at >= offsets.starts_at
            and movements.occurred_at < offsets.ends_at
    group by all
),

known as (
    select
        brand_id,
        local_month,
        coalesce(costs.spend, 0) as spend,
        coalesce(moved.corrections, 0) as corrections,
        coalesce(moved.payments, 0) as payments
    from costs
    full join moved using (brand_id, local_month)
),

months as (
    select
        brand_id,
        unnest(range(min(local_month), max(local_month) + interval 1 day, interval 1 month))::date as local_month
    from known
    group by brand_id
),

balances as (
    select
        brand_id,
        local_month,
        coalesce(known.spend - known.corrections, 0)::decimal(38, 9) as costs,
        coalesce(known.corrections, 0)::decimal(38, 9) as corrections,
        coalesce(known.payments, 0)::decimal(38, 9) as payments,
        sum(coalesce(known.payments - known.spend, 0)) over (partition by brand_id order by local_month)
            as closing_balance
    from months
    left join known using (brand_id, local_month)
)

select
    balances.brand_id,
    brands.name,
    brands.currency,
    balances.local_month,
    (balances.closing_balance - balances.payments + balances.costs + balances.corrections)::decimal(38, 9)
        as opening_balance,
    balances.costs,
    balances.corrections,
    balances.payments,
    balances.closing_balance::decimal(38, 9) as closing_balance
from balances
inner join core.brands on balances.brand_id = brands.brand_id and brands.valid_to is null;
comment on view mart.account is 'One row per brand and local month, from the first one with a transaction to the last.';
comment on column mart.account.opening_balance is 'the closing balance of the month before';
comment on column mart.account.corrections is 'what was taken back of the costs of that month, negative';
comment on column mart.account.payments is 'what was paid in that month; refunds are negative';
comment on column mart.account.closing_balance is 'opening balance + payments - (costs + corrections)';
