-- Delivered files some of whose accepted rows, or of whose transactions, are in no sealed file that can be read.
with present as (
    select
        file_id,
        count(*) as rows
    from raw.ad_events
    group by file_id
),

accepted as (
    select core.transaction_id(file_id, line_number) as transaction_id
    from raw.ad_events
    union all
    select core.transaction_id(file_id, line_number) as transaction_id
    from raw.payments
)

select files.file_id
from raw.event_files as files
left join present using (file_id)
where files.kind = 'events' and files.rows_loaded > coalesce(present.rows, 0)
union
select accepted.transaction_id // 10000000000 as file_id
from accepted
anti join core.transactions using (transaction_id)
anti join core.unpriced using (transaction_id)
