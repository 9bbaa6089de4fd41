-- Grains at which the spend differs from the ledger, over the batches they contain. Of sealed files the sums noted when
-- they were made: they cannot change.
with sealed as (
    select
        table_name,
        sum(spend) as spend,
        sum(transactions) as transactions
    from ops.sealed_files
    group by table_name
),

stored as (
    select
        'transactions' as table_name,
        sum(amount) as spend,
        count(*) filter (transaction_type = 'COST') as transactions
    from internal.transactions
    where
        transaction_type <> 'PAYMENT'
        and batch_id <= (
            select coalesce(max(batch_id), 0) from internal.watermarks
            where table_name = 'mart'
        )
    union all
    select
        'daily_spend' as table_name,
        sum(spend) as spend,
        sum(transactions) as transactions
    from internal.daily_spend
    union all
    select
        'monthly_spend' as table_name,
        sum(spend) as spend,
        sum(transactions) as transactions
    from internal.monthly_spend
    union all
    select
        'lifetime_spend' as table_name,
        sum(spend) as spend,
        sum(transactions) as transactions
    from mart.lifetime_spend
),

totals as (
    select
        stored.table_name,
        coalesce(stored.spend, 0) + coalesce(sealed.spend, 0) as spend,
        coalesce(stored.transactions, 0) + coalesce(sealed.transactions, 0) as transactions
    from stored
    left join sealed using (table_name)
)

select
    marts.table_name,
    marts.spend,
    ledger.spend as ledger_spend,
    marts.transactions,
    ledger.transactions as ledger_transactions
from totals as marts
inner join totals as ledger on ledger.table_name = 'transactions'
where (marts.spend, marts.transactions) <> (ledger.spend, ledger.transactions)
