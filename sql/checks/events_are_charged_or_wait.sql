-- Events of the batches that came since this was found right that are neither charged nor waiting, or both.
with newest as not materialized (
    select
        core.transaction_id(file_id, line_number) as transaction_id,
        event_id
    from internal.ad_events
    where batch_id > $checked_through
),

charged as not materialized (
    select transaction_id
    from internal.transactions
    where batch_id > $checked_through and transaction_type = 'COST'
),

waiting as (
    select transaction_id
    from core.unpriced
    where event_type is not null
),

-- Digests tell in a tenth of the time that all is well; what has waited since an earlier batch has smaller numbers, and
-- is left out. Only where they differ, the events are looked at one by one.
digests as (
    select coalesce(of_events, 0) <> coalesce(of_charged_or_waiting, 0) as differ
    from (
        select
            (select sum(hash(transaction_id)) from newest) as of_events,
            (
                select sum(hash(transaction_id))
                from (
                    from charged
                    union all
                    from waiting
                ) as both_kinds
                where transaction_id >= (select min(transaction_id) from newest)
            ) as of_charged_or_waiting
    ) as sums
),

events as not materialized (
    select newest.*
    from newest
    where (select differ from digests)
),

charged_events as not materialized (
    select charged.*
    from charged
    where (select differ from digests)
)

select
    events.event_id,
    events.transaction_id
from events
left join charged_events using (transaction_id)
left join waiting using (transaction_id)
where (charged_events.transaction_id is null) = (waiting.transaction_id is null)
