-- One row: how many events and payments are to be charged or booked, and a digest of which.
with due as (
    select transaction_id from core.to_price($done_through::bigint)
    union all
    select transaction_id from core.payments_to_book($done_through::bigint)
)

select
    count(*) as due,
    sum(hash(transaction_id)) as digest
from due
