-- One row per delivered file; read = loaded + duplicate + rejected.
create table if not exists raw.event_files (
    file_id bigint not null,
    kind varchar not null,
    name varchar not null,
    sha256 varchar,
    bytes bigint not null,
    changed_ns bigint not null,
    outcome varchar not null,
    reason varchar,
    ignored_columns varchar[],
    rows_read bigint not null,
    rows_loaded bigint not null,
    rows_duplicate bigint not null,
    rows_rejected bigint not null,
    batch_id bigint not null,
    recorded_at timestamptz not null,
    read_at timestamptz not null,
    ignored_more bigint
);
comment on table raw.event_files is 'One row per delivered file; read = loaded + duplicate + rejected.';
comment on column raw.event_files.kind is 'events, payments, corrections, or unknown';
comment on column raw.event_files.name is 'path below the data root; backslashes doubled, escapes for what is not printable';
comment on column raw.event_files.sha256 is 'identity of the file: the digest of its bytes';
comment on column raw.event_files.changed_ns is 'last change of the file when it was read, to know it again without reading it';
comment on column raw.event_files.outcome is 'LOADED, DUPLICATE (same bytes as an earlier file) or QUARANTINED (refused whole)';
comment on column raw.event_files.ignored_columns is 'drift: columns or keys nobody asked for, the first hundred of them';
comment on column raw.event_files.ignored_more is 'how often others were met beyond those hundred';
comment on column raw.event_files.read_at is 'the moment of loading that times in the future were held against';
comment on column raw.event_files.rows_duplicate is 'rows that were there already';

-- name: record
-- One row per delivered file; read = loaded + duplicate + rejected.
insert into raw.event_files
with arrived as (
    select
        file_id,
        count(*) as rows_read
    from (
        select file_id from arrived_events
        union all
        select file_id from arrived_payments
        union all
        select file_id from arrived_corrections
    ) as rows_of_both
    group by file_id
),

repeated as (
    select
        file_id,
        count(*) as rows_duplicate
    from (
        select file_id from repeated_events
        where conflict is null
        union all
        select file_id from repeated_payments
        where conflict is null
        union all
        select file_id from repeated_corrections
        where conflict is null
    ) as rows_of_both
    group by file_id
),

refused as (
    select
        file_id,
        count(*) as rows_rejected
    from refusals
    group by file_id
)

select
    batch_files.file_id,
    batch_files.kind,
    batch_files.name,
    batch_files.sha256,
    batch_files.bytes,
    batch_files.changed_ns,
    batch_files.outcome,
    batch_files.reason,
    batch_files.ignored_columns,
    coalesce(rows_read, 0) as rows_read,
    coalesce(rows_read, 0) - coalesce(rows_duplicate, 0) - coalesce(rows_rejected, 0) as rows_loaded,
    coalesce(rows_duplicate, 0) as rows_duplicate,
    coalesce(rows_rejected, 0) as rows_rejected,
    $batch_id as batch_id,
    $recorded_at::timestamptz as recorded_at,
    $read_at::timestamptz as read_at,
    batch_files.ignored_more
from batch_files
left join arrived using (file_id)
left join repeated using (file_id)
left join refused using (file_id)
order by batch_files.file_id;

-- name: count_retried
-- What has become of a file's refused rows: part of them is loaded or duplicate now.
update raw.event_files as file
set
    rows_loaded = file.rows_loaded + retry.rows_loaded,
    rows_duplicate = file.rows_duplicate + retry.rows_duplicate,
    rows_rejected = file.rows_rejected - retry.rows_loaded - retry.rows_duplicate
from internal.retries as retry
where file.file_id = $file_id and retry.file_id = $file_id and retry.recorded_at = $recorded_at;

-- name: since
-- One row per file recorded after a given one, with what became of it.
select
    name,
    outcome,
    reason,
    rows_read,
    rows_loaded,
    rows_duplicate,
    rows_rejected
from raw.event_files
where file_id > $file_id
order by file_id;

-- name: to_retry
-- One row per file with refused rows whose reason and name contain what is given.
select
    file_id,
    kind,
    name,
    sha256,
    bytes,
    changed_ns
from raw.event_files
where
    contains(name, $name)
    and file_id in (
        select file_id from raw.rejected_rows
        where contains(rejected_rows.reason, $reason)
    )
order by file_id;

-- name: with_same_bytes
-- One row per loaded file with one of these hashes, the oldest first.
select
    kind,
    sha256,
    name
from raw.event_files
where sha256 in (select unnest($digests::varchar[])) and outcome = 'LOADED'
order by file_id;

-- name: of_transaction
-- One row per file that a transaction loaded, or tried again.
select
    file_id,
    kind,
    name,
    sha256,
    bytes,
    changed_ns
from raw.event_files
where
    (recorded_at = $recorded_at and outcome = 'LOADED')
    or file_id in (
        select file_id from internal.retries
        where recorded_at = $recorded_at
    )
order by file_id;

-- name: count_of_batch
-- One row: how many files came with a batch.
select count(*) as files
from raw.event_files
where batch_id = $batch_id;

-- name: loaded_ids
-- One row per loaded file of events: its number.
select file_id
from raw.event_files
where outcome = 'LOADED' and kind = 'events';

-- name: loaded
-- One row per loaded file of events, payments or corrections.
select
    sha256,
    name
from raw.event_files
where outcome = 'LOADED';
