-- Transactions that are in the ledger more than once, among the days that are not sealed: of the batches that came
-- since this was found right, against all of them.
-- Their numbers are dense, so a bit for each tells in an eighth of the time that counting each of them would take.
with bitmaps as (
    select
        transaction_id // 32 as block,
        batch_id > $checked_through as is_newest,
        bit_or(1::bigint << (transaction_id % 32)) as bits,
        count(*) as rows
    from internal.transactions
    group by all
),

suspects as (
    select block
    from bitmaps
    where is_newest and bit_count(bits) < rows
    union
    select newest.block
    from bitmaps as newest
    inner join bitmaps as earlier on newest.block = earlier.block
    where newest.is_newest and not earlier.is_newest and newest.bits & earlier.bits <> 0
)

select
    transaction_id,
    count(*) as times
from internal.transactions
semi join suspects on transactions.transaction_id // 32 = suspects.block
group by transaction_id
having count(*) > 1
