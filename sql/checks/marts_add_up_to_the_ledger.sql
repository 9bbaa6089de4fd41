-- Grains at which the spend differs from the ledger, over the batches they contain.
with ledger as (
    select
        coalesce(sum(amount), 0) as spend,
        count(*) as transactions
    from core.transactions
    where
        transaction_type = 'COST'
        and batch_id <= (
            select coalesce(max(batch_id), 0) from ops.watermarks
            where table_name = 'mart'
        )
),

marts as (
    select
        'hour' as grain,
        coalesce(sum(spend), 0) as spend,
        coalesce(sum(transactions), 0) as transactions
    from mart.hourly_spend
    union all
    select
        'day' as grain,
        coalesce(sum(spend), 0) as spend,
        coalesce(sum(transactions), 0) as transactions
    from mart.daily_spend
    union all
    select
        'month' as grain,
        coalesce(sum(spend), 0) as spend,
        coalesce(sum(transactions), 0) as transactions
    from mart.monthly_spend
)

select
    marts.grain,
    marts.spend,
    ledger.spend as ledger_spend,
    marts.transactions,
    ledger.transactions as ledger_transactions
from marts
cross join ledger
where (marts.spend, marts.transactions) <> (ledger.spend, ledger.transactions)
