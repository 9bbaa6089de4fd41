-- One row per delivered file and time at which its refused rows were tried again.
create table if not exists internal.retries (
    file_id bigint not null,
    rows_tried bigint not null,
    rows_loaded bigint not null,
    rows_duplicate bigint not null,
    rows_rejected bigint not null,
    batch_id bigint not null,
    read_at timestamptz not null,
    recorded_at timestamptz not null
);
comment on table internal.retries is 'One row per delivered file and time at which its refused rows were tried again.';
comment on column internal.retries.read_at is 'the moment of loading that their times were held against';

-- name: add
-- One row per delivered file and time at which its refused rows were tried again.
insert into internal.retries
with repeated as (
    select file_id
    from repeated_events
    where conflict is null
    union all
    select file_id
    from repeated_payments
    where conflict is null
    union all
    select file_id
    from repeated_corrections
    where conflict is null
),

counts as (
    select
        (select count(*) from arrived_events)
        + (select count(*) from arrived_payments)
        + (select count(*) from arrived_corrections) as rows_tried,
        (select count(*) from repeated) as rows_duplicate,
        (select count(*) from refusals) as rows_rejected
)

select
    $file_id as file_id,
    rows_tried,
    rows_tried - rows_duplicate - rows_rejected as rows_loaded,
    rows_duplicate,
    rows_rejected,
    $batch_id as batch_id,
    $read_at::timestamptz as read_at,
    $recorded_at::timestamptz as recorded_at
from counts;

-- name: newest
-- One row: what came of the refused rows that were tried again last.
select
    rows_tried,
    rows_loaded,
    rows_duplicate,
    rows_rejected
from internal.retries
order by recorded_at desc
limit 1;
