-- One row: how many events and payments the next pricing has to look at.
select
    (select count(*) from core.to_price($done_through::bigint))
    + (select count(*) from core.payments_to_book($done_through::bigint)) as waiting
