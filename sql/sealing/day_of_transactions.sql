-- Hot transactions of one day, in the order in which they are sealed.
create or replace temp table sealed_day as
select *
from hot.transactions
where
    occurred_at >= make_timestamptz(epoch_us($day::date))
    and occurred_at < make_timestamptz(epoch_us($day::date + 1))
order by
    brand_id, -- analysts ask for a brand: only its row groups are read
    occurred_at,
    transaction_id
