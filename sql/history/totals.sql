-- One row per UTC day: how many rows the engine has written of it, what they sum up to, the first and the last instant.
-- Reads written_rows.
create or replace temporary view totals as
with days as (
    select
        cast(make_timestamp(epoch_us(occurred_at)) as date) as day,
        amount,
        occurred_at
    from written_rows
)

select
    day,
    count(*) as row_count,
    cast(sum(amount) as decimal(38, 9)) as amount,
    min(occurred_at) as first_at,
    max(occurred_at) as last_at
from days
group by day;
