-- One row per refused file, or vanished reference row, of which a person says that it may stay so; rows are only ever
-- added.
create table if not exists internal.acknowledgements (
    acknowledged_at timestamptz not null,
    acknowledged_by varchar not null,
    reason varchar not null,
    file_id bigint not null,
    table_name varchar,
    id varchar
);
comment on table internal.acknowledgements is 'One row per refused file, or vanished reference row, of which a person says that it may stay so; rows are only ever added.';
comment on column internal.acknowledgements.acknowledged_by is 'who';
comment on column internal.acknowledgements.reason is 'why, in a person''s words';
comment on column internal.acknowledgements.file_id is 'the file meant, not a later one of its name; of a row the file with which it vanished';
comment on column internal.acknowledgements.table_name is 'the table of the row; null: the file is meant';
comment on column internal.acknowledgements.id is 'the key of the row; null: the file is meant';

-- name: add
-- One row per delivered file, or reference row that has vanished, of which a person says that it may stay so.
insert into internal.acknowledgements
select
    $acknowledged_at::timestamptz as acknowledged_at,
    $acknowledged_by as acknowledged_by,
    $reason as reason,
    $file_id as file_id,
    $table_name as table_name,
    $id as id;
