-- Spend that is to be added and is not that of the ledger: rows lost or doubled on the way to local dates. Reads
-- new_spend and moved_brands.
with costs as (
    select amount
    from hot.transactions
    where transaction_type = 'COST' and batch_id > $done_through
    union all
    select amount
    from core.transactions
    semi join moved_brands using (brand_id)
    where transaction_type = 'COST' and batch_id <= $done_through
),

ledger as (
    select
        coalesce(sum(amount), 0) as spend,
        count(*) as transactions
    from costs
),

added as (
    select
        coalesce(sum(spend), 0) as spend,
        coalesce(sum(transactions), 0) as transactions
    from new_spend
)

select
    ledger.spend as ledger_spend,
    added.spend as added_spend,
    ledger.transactions as ledger_transactions,
    added.transactions as added_transactions
from ledger
cross join added
where (ledger.spend, ledger.transactions) <> (added.spend, added.transactions)
