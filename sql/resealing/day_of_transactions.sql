-- Transactions of a lost day, made again, as they are sealed. Reads made_transactions and made_events; what the
-- warehouse has is left out, and so is what was made from an event that it has from another file.
create or replace temp table sealed_days as
with doubled as (
    select core.transaction_id(made.file_id, made.line_number) as transaction_id
    from made_events as made
    inner join raw.ad_events as known using (event_id)
    where (made.file_id, made.line_number) <> (known.file_id, known.line_number)
)

select
    made.*,
    $day::date as day
from made_transactions as made
anti join core.transactions as known using (transaction_id)
anti join doubled using (transaction_id)
where
    made.occurred_at >= make_timestamptz(epoch_us($day::date))
    and made.occurred_at < make_timestamptz(epoch_us($day::date + 1))
order by
    made.brand_id,
    made.occurred_at,
    made.transaction_id
