-- One row per derived table and time at which it came to contain the batches up to one; and per check (checks/...) of
-- the ledger, the newest batch with which it has passed.
create table if not exists internal.watermarks (
    table_name varchar not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
comment on table internal.watermarks is 'One row per derived table and time at which it came to contain the batches up to one; and per check (checks/...) of the ledger, the newest batch with which it has passed.';

create or replace macro ops.summed_batch(known_at) as (
    select coalesce(max(batch_id), 0)
    from internal.watermarks
    where table_name = 'mart' and recorded_at <= known_at
);
comment on macro ops.summed_batch is 'The newest batch whose spend could be seen at a recorded time.'; -- noqa: PRS

create or replace macro ops.summed_at() as (
    select max(recorded_at)
    from internal.watermarks
    where table_name = 'mart'
);
comment on macro ops.summed_at is 'When the marts were summed last: by the zones and the rules for them as known then.'; -- noqa: PRS

-- name: advance
-- One row per derived table and time at which it came to contain the batches up to one.
insert into internal.watermarks
select
    $table_name as table_name,
    $batch_id as batch_id,
    $recorded_at::timestamptz as recorded_at;

-- name: pending_batches
-- One row: the newest batch a table contains, and the newest there is.
select
    coalesce((
        select max(batch_id) from internal.watermarks
        where table_name = $table_name
    ), 0) as done,
    coalesce((select max(batch_id) from internal.batches), 0) as newest;

-- name: advance_check
-- The watermark of a check: with all batches up to this one it has passed.
merge into internal.watermarks as watermarks
using (
    select
        $check_name as table_name,
        $batch_id::bigint as batch_id,
        $checked_at::timestamptz as recorded_at
) as passed
    on watermarks.table_name = passed.table_name
when matched then
    update set
        batch_id = passed.batch_id,
        recorded_at = passed.recorded_at
when not matched then
    insert (table_name, batch_id, recorded_at)
    values (passed.table_name, passed.batch_id, passed.recorded_at);

-- name: of_check
-- One row: the newest batch that a check has passed with, the newest that the marts contain, and the newest there is.
select
    coalesce(max(batch_id) filter (where table_name = $check_name), 0) as checked,
    coalesce(max(batch_id) filter (where table_name = 'mart'), 0) as summed,
    (select coalesce(max(batch_id), 0) from internal.batches) as newest
from internal.watermarks;

-- name: remove_checks
-- Let the checks look at every batch again.
delete from internal.watermarks
where table_name like 'checks/%';
