-- Events of the newest batch that are neither charged nor waiting, or both.
with events as (
    select
        core.transaction_id(file_id, line_number) as transaction_id,
        event_id
    from raw.ad_events
    where batch_id = (select max(batch_id) from ops.batches)
),

charged as (
    select transaction_id
    from core.transactions
    where batch_id = (select max(batch_id) from ops.batches)
)

select
    events.event_id,
    events.transaction_id
from events
left join charged using (transaction_id)
left join core.unpriced as waiting using (transaction_id)
where (charged.transaction_id is null) = (waiting.transaction_id is null)
