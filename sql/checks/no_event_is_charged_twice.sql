-- Transactions of the newest batch that are in the ledger more than once.
with newest as (
    select transaction_id
    from core.transactions
    where batch_id = (select max(batch_id) from ops.batches)
)

select
    transaction_id,
    count(*) as times
from core.transactions
semi join newest using (transaction_id)
group by transaction_id
having count(*) > 1
