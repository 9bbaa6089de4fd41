-- One row per run that brought something new.
create table if not exists internal.batches (
    batch_id bigint not null,
    run_id varchar not null,
    recorded_at timestamptz not null
);
comment on table internal.batches is 'One row per run that brought something new.';

-- name: open
-- One row per run that brought something new. A run that asks again keeps the batch it has.
insert into internal.batches
with newest as (
    select
        coalesce(max(batch_id), 0) as batch_id,
        arg_max(run_id, batch_id) as run_id
    from internal.batches
)

select
    batch_id + 1 as batch_id,
    $run_id as run_id,
    $recorded_at::timestamptz as recorded_at
from newest
where run_id is distinct from $run_id;

-- name: newest
-- One row: the newest batch, 0 when there is none.
select coalesce(max(batch_id), 0) as batch_id
from internal.batches;

-- name: copy_through
-- One row per batch up to the one of the step. Reads kept_batches.
insert into internal.batches
select *
from kept_batches
where batch_id <= $batch_id and batch_id > (select coalesce(max(batch_id), 0) from internal.batches);

-- name: add_reserved
-- The batch that was kept for a backfill, now that it is adopted.
insert into internal.batches
select
    $batch_id as batch_id,
    $run_id as run_id,
    $recorded_at::timestamptz as recorded_at;
