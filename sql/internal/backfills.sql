-- One row per backfill that was begun: the numbers that are kept for it, and what it brought once it was adopted.
create table if not exists internal.backfills (
    attempt varchar not null,
    folder varchar not null,
    engine varchar not null,
    began_at timestamptz not null,
    newest_batch_id bigint not null,
    batch_id bigint not null,
    first_file_id bigint not null,
    last_file_id bigint not null,
    adopted_at timestamptz,
    rows_loaded bigint,
    spend decimal(38, 9)
);
comment on table internal.backfills is 'One row per backfill that was begun: the numbers that are kept for it, and what it brought once it was adopted.';
comment on column internal.backfills.attempt is 'its folder below exchange/';
comment on column internal.backfills.folder is 'where the delivered files lay';
comment on column internal.backfills.engine is 'that read, priced and summed it';
comment on column internal.backfills.began_at is 'since when; recorded_at of its transactions, by the reference data known then';
comment on column internal.backfills.newest_batch_id is 'the newest batch there was then';
comment on column internal.backfills.batch_id is 'as which it is adopted, unless that number has been reached before';
comment on column internal.backfills.first_file_id is 'the first number for its files; no other file gets one of them';
comment on column internal.backfills.last_file_id is 'the last of them';
comment on column internal.backfills.adopted_at is 'null: not yet, or never';
comment on column internal.backfills.rows_loaded is 'events that it brought';
comment on column internal.backfills.spend is 'what they cost, without those that wait';

-- name: begin
-- One row per backfill that was begun. Far above the newest batch, so that runs can go on meanwhile.
insert into internal.backfills
select
    $attempt as attempt,
    $folder as folder,
    $engine as engine,
    $began_at::timestamptz as began_at,
    (select coalesce(max(batch_id), 0) from internal.batches) as newest_batch_id,
    10000 + greatest(
        (select coalesce(max(batch_id), 0) from internal.batches),
        (select coalesce(max(batch_id), 0) from internal.backfills)
    ) as batch_id,
    $newest_file + 1 as first_file_id,
    $newest_file + $files as last_file_id,
    null as adopted_at,
    null as rows_loaded,
    null as spend;

-- name: begun
-- One row: what is kept for an attempt.
select
    began_at,
    newest_batch_id,
    batch_id,
    first_file_id,
    last_file_id,
    adopted_at
from internal.backfills
where attempt = $attempt;

-- name: adopt
-- What an attempt brought.
update internal.backfills
set
    adopted_at = $recorded_at::timestamptz,
    rows_loaded = $rows_loaded,
    spend = $spend
where attempt = $attempt;

-- name: adopted
-- One row, if a batch was adopted: when it was begun, and when it was taken in.
select
    began_at,
    adopted_at
from internal.backfills
where batch_id = $batch_id and adopted_at is not null;
