-- Transactions of the newest batch that are in the ledger more than once.
with newest as (
    select transaction_id
    from hot.transactions
    where batch_id = (select max(batch_id) from ops.batches)
)

select
    transaction_id,
    count(*) as times
from newest
group by transaction_id
having count(*) > 1
union all
-- apart from the batch itself: a third of the time of counting all of them at once
select
    transaction_id,
    2 as times
from core.transactions
semi join newest using (transaction_id)
where batch_id < (select max(batch_id) from ops.batches)
