-- Brands whose closing balance is not what was paid less what was spent, or whose payments are not in the ledger. Of
-- days that are sealed the ledger was found right before, and cannot have changed.
with sealed_days as (
    select day
    from ops.sealed_files
    where table_name = 'transactions'
),

paid as (
    select
        brand_id,
        sum(amount) as amount,
        sum(amount) filter (make_timestamp(epoch_us(occurred_at))::date not in (select day from sealed_days))
            as lately
    from mart.payments_as_known('infinity'::timestamptz)
    group by brand_id
),

spent as (
    select
        brand_id,
        sum(spend) as spend
    from mart.lifetime_spend
    group by brand_id
),

closing as (
    select
        brand_id,
        arg_max(closing_balance, local_month) as closing_balance,
        sum(payments) as payments
    from mart.account
    group by brand_id
),

booked_lately as (
    select
        brand_id,
        sum(amount) as amount
    from internal.transactions
    where
        transaction_type = 'PAYMENT'
        and batch_id <= ops.summed_batch('infinity'::timestamptz)
        and make_timestamp(epoch_us(occurred_at))::date not in (select day from sealed_days)
    group by brand_id
)

select
    brands.brand_id,
    closing.closing_balance,
    coalesce(paid.amount, 0) as paid,
    coalesce(spent.spend, 0) as spent,
    coalesce(paid.lately, 0) as paid_lately,
    coalesce(booked_lately.amount, 0) as booked_lately
from core.brands_in_force('infinity'::timestamptz, 'infinity'::timestamptz) as brands
left join paid on brands.brand_id = paid.brand_id
left join spent on brands.brand_id = spent.brand_id
left join closing on brands.brand_id = closing.brand_id
left join booked_lately on brands.brand_id = booked_lately.brand_id
where
    coalesce(closing.closing_balance, 0) <> coalesce(paid.amount, 0) - coalesce(spent.spend, 0)
    or coalesce(closing.payments, 0) <> coalesce(paid.amount, 0)
    or coalesce(paid.lately, 0) <> coalesce(booked_lately.amount, 0)
