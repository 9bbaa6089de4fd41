-- One row per reference row in force that the newest file no longer holds.
create table if not exists internal.missing_rows (
    table_name varchar not null,
    id varchar not null,
    file_id bigint not null,
    recorded_at timestamptz not null
);
comment on table internal.missing_rows is 'One row per reference row in force that the newest file no longer holds.';
comment on column internal.missing_rows.id is 'its key; of a price the microseconds since 1970 of effective_from';
comment on column internal.missing_rows.file_id is 'the file with which it vanished';
comment on column internal.missing_rows.recorded_at is 'when that was loaded';

-- name: add
-- One row per reference row in force that the newest file no longer holds, and the file with which it vanished.
insert into internal.missing_rows
select
    table_name,
    id,
    $file_id as file_id,
    $recorded_at::timestamptz as recorded_at
from internal.reference_rows
anti join (select key as id from validated_rows) as delivered_ids using (id)
anti join internal.missing_rows as known using (table_name, id)
where table_name = $table_name;

-- name: remove_delivered
-- What the newest file holds again is missing no more; the rest is missing since the file with which it vanished.
delete from internal.missing_rows
where table_name = $table_name and id in (select key from validated_rows);
