-- Arrived events and payments that were there before.

-- name: sealed_files_to_search
-- One row per sealed file of events in which an arrived event may be found again: with the same time on its own day,
-- with another time in the newest days.
with arrived as (
    select distinct epoch_us(occurred_at) // 86400000000 as day
    from arrived_events
)

select distinct name
from ops.sealed_files as files
where
    files.table_name = 'ad_events'
    and (
        epoch_us(files.day) // 86400000000 in (select day from arrived)
        or epoch_us(files.day) // 86400000000 >= (select max(day) from arrived) - $conflict_days
    )
order by name;

-- name: sealed_duplicates
-- Events of the sealed days of the arrived ones, with an event_id that arrives again. An exact duplicate carries the
-- same time, so its own day is all that has to be looked through, however long the history is.
insert into sealed_duplicates
select
    event_id,
    ad_id,
    event_type,
    occurred_at,
    file_id,
    line_number
from read_parquet($paths, hive_partitioning = false)
semi join arrived_events using (event_id);

-- name: event_candidates
-- One row per event, arrived (1) or there before (0), whose event_id is there more than once.
create or replace temp view event_candidates as
with sound as not materialized (
    select
        event_id,
        ad_id,
        event_type,
        occurred_at,
        file_id,
        line_number
    from arrived_events
    where fault is null
),

-- by digests first, which are shorter than ids; two ids may share one, so the ids themselves decide below
digests as not materialized (
    select hash(event_id) as digest
    from sound
),

alike as (
    select digest
    from (
        -- sorted, which takes less time and memory than a group for each
        select
            digest,
            lag(digest) over (order by digest) as digest_before
        from digests
    ) as sorted
    where digest = digest_before
    union
    select hash(event_id) as digest
    from internal.ad_events
    semi join digests on hash(ad_events.event_id) = digests.digest
    union
    select hash(event_id) as digest
    from sealed_duplicates
)

select
    sound.*,
    1 as arrival
from sound
semi join alike on hash(sound.event_id) = alike.digest
union all
select
    event_id,
    ad_id,
    event_type,
    occurred_at,
    file_id,
    line_number,
    0 as arrival
from internal.ad_events
semi join alike on hash(ad_events.event_id) = alike.digest
union all
select
    *,
    0 as arrival
from sealed_duplicates;

-- name: repeated_events
-- One row per arrived event whose event_id was there before it: in the ledger, or earlier in the same batch.
-- `conflict` says what it contradicts; without one it is an exact duplicate. Reads ranked_events (sql/portable).
create or replace temp table repeated_events as
select
    file_id,
    line_number,
    case
        when ad_id <> first_ad_id or event_type <> first_event_type or occurred_at <> first_occurred_at
            then raw.conflict_of(event_id, first_file_id, first_line_number)
    end as conflict
from ranked_events
where place > 1 and arrival = 1;

-- name: repeated_payments
-- One row per arrived payment whose payment_id was there before it: in the ledger, or earlier in the same batch.
-- `conflict` says what it contradicts; without one it is an exact duplicate.
create or replace temp table repeated_payments as
with candidates as (
    select
        payment_id,
        brand_id,
        amount,
        paid_at,
        file_id,
        line_number,
        true as arrived
    from arrived_payments
    where fault is null
    union all
    select
        payment_id,
        brand_id,
        amount,
        paid_at,
        file_id,
        line_number,
        false as arrived
    from raw.payments
    semi join arrived_payments using (payment_id)
),

ranked as (
    select
        *,
        row_number() over (partition by payment_id order by arrived, file_id, line_number) as place,
        first(brand_id) over first_one as first_brand_id,
        first(amount) over first_one as first_amount,
        first(paid_at) over first_one as first_paid_at,
        first(file_id) over first_one as first_file_id,
        first(line_number) over first_one as first_line_number
    from candidates
    window first_one as (partition by payment_id order by arrived, file_id, line_number)
)

select
    file_id,
    line_number,
    case
        when brand_id <> first_brand_id or amount <> first_amount or paid_at <> first_paid_at
            then format(
                'payment_id ''{}'' conflicts with line {} of file {}, which came first',
                left(payment_id, 100), first_line_number, first_file_id
            )
    end as conflict
from ranked
where place > 1;

-- name: repeated_corrections
-- One row per arrived correction whose correction_id was there before it: in the ledger, or earlier in the same batch.
-- `conflict` says what it contradicts; without one it is an exact duplicate.
create or replace temp table repeated_corrections as
with candidates as (
    select
        correction_id,
        { 'by_id': transaction_id, 'by_event': event_id, 'amount': amount, 'reason': reason } as content,
        file_id,
        line_number,
        true as arrived
    from arrived_corrections
    where fault is null
    union all
    select
        correction_id,
        { 'by_id': transaction_id, 'by_event': event_id, 'amount': amount, 'reason': reason } as content,
        file_id,
        line_number,
        false as arrived
    from raw.corrections
    semi join arrived_corrections using (correction_id)
),

ranked as (
    select
        *,
        row_number() over (partition by correction_id order by arrived, file_id, line_number) as place,
        first(content) over first_one as first_content,
        first(file_id) over first_one as first_file_id,
        first(line_number) over first_one as first_line_number
    from candidates
    window first_one as (partition by correction_id order by arrived, file_id, line_number)
)

select
    file_id,
    line_number,
    case
        when (content is distinct from first_content)
            then format(
                'correction_id ''{}'' conflicts with line {} of file {}, which came first',
                left(correction_id, 100), first_line_number, first_file_id
            )
    end as conflict
from ranked
where place > 1;
