-- The rows of a lost sealed day, made again.

-- name: files_to_read
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
anti join core.unpriced using (transaction_id);

-- name: ad_events
-- Events of a lost day, made again, as they are sealed. Reads made_events; what the warehouse has is left out.
create or replace temp table sealed_days as
select
    made.*,
    $day::date as day
from made_events as made
anti join raw.ad_events as known using (event_id)
where
    made.occurred_at >= make_timestamptz(epoch_us($day::date))
    and made.occurred_at < make_timestamptz(epoch_us($day::date + 1))
order by
    made.occurred_at,
    made.event_id;

-- name: transactions
-- Transactions of a lost day, made again, as they are sealed. Reads made_transactions and made_events; what the
-- warehouse has is left out, and so is what was made from an event that it has from another file. Corrections are never
-- lost from core.corrections: beside their cost, each is what it was.
create or replace temp table sealed_days as
with of_events as (
    select *
    from made_transactions
    where transaction_type <> 'CORRECTION'
),

costs as (
    select *
    from of_events
    union all
    select *
    from core.transactions
    anti join of_events using (transaction_id)
),

made as (
    select *
    from of_events
    union all
    select
        corrections.transaction_id,
        costs.brand_id,
        costs.campaign_id,
        costs.ad_id,
        corrections.amount,
        'CORRECTION' as transaction_type,
        costs.cost_type,
        costs.occurred_at,
        corrections.recorded_at,
        null as price_source,
        null as price_effective_from,
        corrections.batch_id
    from core.corrections as corrections
    inner join costs on corrections.corrected_transaction_id = costs.transaction_id
    where corrections.amount <> 0
),

doubled as (
    select core.transaction_id(made.file_id, made.line_number) as transaction_id
    from made_events as made
    inner join raw.ad_events as known using (event_id)
    where (made.file_id, made.line_number) <> (known.file_id, known.line_number)
)

select
    made.*,
    $day::date as day
from made
anti join core.transactions as known using (transaction_id)
anti join doubled using (transaction_id)
where
    made.occurred_at >= make_timestamptz(epoch_us($day::date))
    and made.occurred_at < make_timestamptz(epoch_us($day::date + 1))
order by
    made.brand_id,
    made.occurred_at,
    made.transaction_id;

-- name: lost_span
-- The UTC days in which the costs of a lost day or month happened, on whatever clock: the first, and the one after.
set variable spendgate_lost_span = [$first_day::date, $end_day::date];

-- name: costs_to_sum
-- One row per cost and correction in those days, as far as the marts hold them.
create or replace temp view costs_to_sum as
select
    brand_id,
    campaign_id,
    cost_type,
    amount,
    transaction_type = 'COST' as is_cost,
    occurred_at
from core.transactions
where
    transaction_type <> 'PAYMENT'
    and batch_id <= ops.summed_batch('infinity'::timestamptz)
    and occurred_at >= make_timestamptz(epoch_us((getvariable('spendgate_lost_span')::date[])[1]))
    and occurred_at < make_timestamptz(epoch_us((getvariable('spendgate_lost_span')::date[])[2]));

-- name: brand_offsets
-- One row per brand and period in which its offset from UTC stays the same, by the zones its marts were summed by.
create or replace temp table brand_offsets as
from
    core.brand_offsets(
        ops.summed_at(),
        make_timestamptz(epoch_us((getvariable('spendgate_lost_span')::date[])[1])),
        make_timestamptz(epoch_us((getvariable('spendgate_lost_span')::date[])[2]))
    );

-- name: known_parts
-- What the warehouse has of the sums of a lost day or month, to be taken off.
create or replace temp table known_parts as
select
    brand_id,
    campaign_id,
    cost_type,
    -spend as spend,
    -transactions as transactions
from internal.daily_spend_parts
where local_date = $day and $period = 'DAY'
union all
select
    brand_id,
    campaign_id,
    cost_type,
    -spend as spend,
    -transactions as transactions
from internal.monthly_spend_parts
where local_month = $day and $period = 'MONTH';

-- name: daily_spend
-- Sums of a lost local date, added up from the ledger, less what the warehouse has of them, as they are sealed. Reads
-- spend_by_date (sql/portable) and known_parts.
create or replace temp table sealed_days as
with parts as (
    select
        brand_id,
        campaign_id,
        cost_type,
        spend,
        transactions
    from spend_by_date
    where local_date = $day
    union all
    from known_parts
)

select
    brand_id,
    campaign_id,
    cost_type,
    $day::date as local_date,
    sum(spend)::decimal(38, 9) as spend,
    sum(transactions)::bigint as transactions,
    $day::date as day
from parts
group by all
having sum(transactions) <> 0 or sum(spend) <> 0
order by
    brand_id,
    campaign_id,
    cost_type;

-- name: monthly_spend
-- The same of a lost month.
create or replace temp table sealed_days as
with parts as (
    select
        brand_id,
        campaign_id,
        cost_type,
        spend,
        transactions
    from spend_by_date
    where date_trunc('month', local_date)::date = $day
    union all
    from known_parts
)

select
    brand_id,
    campaign_id,
    cost_type,
    $day::date as local_month,
    sum(spend)::decimal(38, 9) as spend,
    sum(transactions)::bigint as transactions,
    $day::date as day
from parts
group by all
having sum(transactions) <> 0 or sum(spend) <> 0
order by
    brand_id,
    campaign_id,
    cost_type;
